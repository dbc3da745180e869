"""`python -m deploy.lock` renews requirements.lock; with `--check` it says whether pyproject.toml has moved on."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
OPTIONS = (
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--quiet",
    "--all-extras",
    *("--python-version", "3.11"),
    *("--prerelease", "if-necessary-or-explicit"),
)


def compile_lock(output: Path, *options: str) -> None:
    """Resolve pyproject.toml into `output`, keeping what it already pins. Exits with the resolver's words."""
    command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *options, "pyproject.toml", "-o", str(output)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main(arguments: list[str]) -> int:
    """Renew, or check: 1 when resolving again with the pinned versions gives another lock."""
    if "--check" not in arguments:
        compile_lock(LOCK, "--upgrade")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / LOCK.name
        again.write_text(LOCK.read_text())
        compile_lock(again)
        if _pins(again) == _pins(LOCK):
            return 0
    print("requirements.lock does not match pyproject.toml: run make lock")
    return 1


def _pins(lock: Path) -> list[str]:
    return [line for line in lock.read_text().splitlines() if line and not line.lstrip().startswith("#")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
