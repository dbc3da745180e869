"""`python -m deploy.deadcode`: functions, methods and classes that nothing calls.

Fields are left out, since clients read those of views; so are the scenarios that tests collect by name.
"""

import sys

from vulture import Vulture

PATHS = ("contracts", "chassis", "services", "deploy", "tests")
CALLED_BY_FRAMEWORKS = (
    "@router.*",
    "@*router.*",
    "@app.*",
    "@routes.*",
    "@consumers.on",
    "@pytest.*",
    "@given*",
    "@field_validator",
    "@model_validator",
    "@*_validator",
    "@cache",
)
NAMES = (
    "handle_*",
    "test_*",
    "pytest_*",
    "connection_*",
    "data_received",
    "lifespan_context",
    "should_sample",
    "get_description",
    "_split_scope",
)
SCENARIOS = "/scenarios/"
KINDS = {"function", "method", "class", "property", "import", "unreachable_code"}


def main() -> int:
    """1 when something is found; each with its place."""
    found = Vulture(ignore_names=list(NAMES), ignore_decorators=list(CALLED_BY_FRAMEWORKS))
    found.scavenge(PATHS)
    unused = [
        each
        for each in found.get_unused_code(min_confidence=60)
        if each.typ in KINDS and SCENARIOS not in str(each.filename)
    ]
    for each in unused:
        print(f"{each.filename}:{each.first_lineno}: unused {each.typ} {each.name}")
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())
