"""A process known by its id: is it ours, does it live, make it end."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")
# Those started by this interpreter, so that it reaps them.
_children: dict[int, subprocess.Popen[bytes]] = {}


def spawn(command: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Starts a process that outlives this one, in its folder, its output appended to the log."""
    # File names are given to Java in UTF-8, whatever the language of the terminal.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child


def is_alive(pid: int, mark: str) -> bool:
    """Says whether this process lives and its command line ends in the mark (ids are used again)."""
    return _exists(pid) and _command_line(pid).endswith(f" {mark}")


def end(pid: int, mark: str, sent: signal.Signals, seconds: float) -> bool:
    """Sends a signal to the process and says whether it has ended within these seconds, its ports with it."""
    until = time.monotonic() + seconds
    if not is_alive(pid, mark):
        return True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sent)
    while _exists(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    _children.pop(pid, None)
    return True


def _exists(pid: int) -> bool:
    child = _children.get(pid)
    if child is not None:
        return child.poll() is None
    if not PROC.is_dir():
        return _ps("stat", pid)[:1] not in {"", "Z"}
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
        # Its first thread may be over while others still hold its files and ports.
        return state not in {"Z", "X"} or len(os.listdir(PROC / str(pid) / "task")) > 1
    except OSError:
        return False


def _command_line(pid: int) -> str:
    if not PROC.is_dir():
        return _ps("command", pid)
    try:
        return os.fsdecode((PROC / str(pid) / "cmdline").read_bytes()).rstrip("\0").replace("\0", " ")
    except OSError:
        return ""


def _ps(column: str, pid: int) -> str:
    asked = subprocess.run(["ps", "-ww", "-o", f"{column}=", "-p", str(pid)], capture_output=True, check=False)
    return os.fsdecode(asked.stdout).strip()
