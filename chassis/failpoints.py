"""Crash points for tests: at each boundary a test can make this very process die, fail or stop.

A boundary is armed by a file `<folder>/<service>.<name>` that holds `kill`, `raise` or `sleep <seconds>`.
Reaching it removes the file first, so it fires once. Without a folder (production) it is one comparison.
"""

import os
import signal
import time
from pathlib import Path


class FailpointReached(RuntimeError):
    """The test asked this boundary to fail."""


_folder: Path | None = None
_service = ""


def configure(folder: Path | None, service: str) -> None:
    """Say where this process looks for armed boundaries; None disarms them all."""
    global _folder, _service
    _folder, _service = folder, service


def failpoint(name: str) -> None:
    """Do what the test armed at this boundary, if anything."""
    if _folder is None:
        return
    armed = _folder / f"{_service}.{name}"
    try:
        action = armed.read_text().split()
        armed.unlink()
    except FileNotFoundError:
        return
    match action:
        case ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case _:
            raise FailpointReached(name)
