"""`python -m deploy.publish` writes the contracts' generated files; with `--check` it only says what differs."""

import json
import sys
from pathlib import Path

from deploy.publish.events import asyncapi, events, schema
from deploy.publish.http import openapi

FOLDER = Path(__file__).parents[2] / "contracts"


def generated() -> dict[Path, str]:
    """Every generated file with its content."""
    documents = {FOLDER / "schemas" / f"{name}.json": schema(event) for name, event in events().items()}
    documents[FOLDER / "asyncapi.json"] = asyncapi()
    documents |= {FOLDER / "openapi" / f"{name}.json": document for name, document in openapi().items()}
    return {path: json.dumps(found, indent=2, ensure_ascii=False) + "\n" for path, found in documents.items()}


def main(arguments: list[str]) -> int:
    """Write, or check; 1 when checking finds a difference."""
    wanted = generated()
    stale = {*(FOLDER / "schemas").glob("*.json"), *(FOLDER / "openapi").glob("*.json")} - wanted.keys()
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in sorted({*stale, *changed}):
            print(f"contracts drift: {path.relative_to(FOLDER.parent)} (run make contracts)")
        return 1 if stale or changed else 0
    for path in stale:
        path.unlink()
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
