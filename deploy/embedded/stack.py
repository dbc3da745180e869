"""A stack as its folder describes it, and what a test or a command may do to it."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from deploy.embedded import probes
from deploy.embedded.environment import of_any_process
from deploy.embedded.errors import CannotStart
from deploy.embedded.ports import DEFAULT_BASE, Ports
from deploy.embedded.processes import ROOT, birth_of, signal_group

FILE = "stack.json"
POLL = 0.05
STOPPED_WITHIN = 30.0


@dataclass(frozen=True)
class Running:
    """One process of the stack; `born` tells it from a later one with the same number."""

    url: str
    pid: int
    born: str | None = None

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self.born is not None and birth_of(self.pid) == self.born


@dataclass(frozen=True)
class Options:
    """What a person may choose when starting a stack."""

    data: Path
    port_base: int = DEFAULT_BASE
    only_parts: bool = False
    kafka: str | None = None
    sync_on_commit: bool = True
    seconds: float = 60.0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """Where everything is. `ready` once every process answered."""

    gateway: str
    mailbox: str
    smtp: str
    traces: str
    idp: str
    kafka: str
    mongodb: str
    supervisor: Running
    parts: dict[str, Running] = field(default_factory=dict)
    services: dict[str, Running] = field(default_factory=dict)
    ready: bool = False

    @property
    def site(self) -> str:
        """Where a browser opens the portal (see Ports.site)."""
        return Ports(urlsplit(self.gateway).port or 0).site

    @classmethod
    def load(cls, data: Path) -> Self:
        """The stack of this folder. Raises `FileNotFoundError` when none was started there."""
        kept: dict[str, Any] = json.loads((data / FILE).read_text())
        for group in ("parts", "services"):
            kept[group] = {name: Running(**process) for name, process in kept[group].items()}
        return cls(**{**kept, "supervisor": Running(**kept["supervisor"])})

    def save(self, data: Path) -> None:
        """Replace the folder's description at once: a reader sees the old one or the new one."""
        draft = data / f"{FILE}.tmp"
        draft.write_text(json.dumps(asdict(self), indent=2))
        draft.replace(data / FILE)

    @property
    def processes(self) -> dict[str, Running]:
        """Parts and services by name."""
        return {**self.parts, **self.services}


class FolderLock:
    """Held by the one supervisor of a folder; the system lets go of it however that process ends."""

    def __init__(self, data: Path) -> None:
        self._path = data / "lock"
        self._file: IO[bytes] | None = None

    def take(self, seconds: float = 1.0) -> bool:
        """Whether the folder is ours now. Waits a moment, since somebody may only be looking."""
        file = self._path.open("ab")
        deadline = time.monotonic() + seconds
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._file = file
                return True
            if time.monotonic() >= deadline:
                file.close()
                return False
            time.sleep(POLL)

    @property
    def held(self) -> bool:
        """Whether the folder is ours."""
        return self._file is not None

    def release(self) -> None:
        """Let the next one have the folder."""
        if self._file:
            self._file.close()
            self._file = None


def start(options: Options) -> Stack:
    """Start a stack that outlives the caller, and return once it answers. Raises `CannotStart`."""
    options = replace(options, data=options.data.resolve())
    (options.data / "logs").mkdir(parents=True, exist_ok=True)
    read, write = os.pipe()
    with (options.data / "logs" / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.embedded", *_arguments(options), "--report", str(write)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=of_any_process(),
            pass_fds=[write],
            start_new_session=True,
        )
    os.close(write)
    with open(read, encoding="utf-8") as report:
        said = report.read().strip()
    if said == "ready":
        return Stack.load(options.data)
    process.wait()
    raise CannotStart(said or f"Le superviseur s’est arrêté (journal : {options.data / 'logs/supervisor.log'}).")


def _arguments(options: Options) -> list[str]:
    arguments = ["up", "--no-demo", "--data", str(options.data), "--port-base", str(options.port_base)]
    arguments += ["--timeout", str(options.seconds)]
    arguments += ["--only-parts"] * options.only_parts
    arguments += ["--no-sync-on-commit"] * (not options.sync_on_commit)
    arguments += ["--kafka", options.kafka] if options.kafka else []
    for name, value in options.environment.items():
        arguments += ["--env", f"{name}={value}"]
    return arguments


def stop(data: Path) -> bool:
    """End everything this folder started, whoever started it. False when there was nothing to end."""
    data = data.resolve()
    try:
        stack = Stack.load(data)
    except FileNotFoundError:
        return False
    was_running = stack.supervisor.alive
    if was_running:
        os.kill(stack.supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPPED_WITHIN
    while stack.supervisor.alive and time.monotonic() < deadline:
        time.sleep(POLL)
    if stack.supervisor.alive:
        os.kill(stack.supervisor.pid, signal.SIGKILL)
    return end_orphans(data) or was_running


def end_orphans(data: Path) -> bool:
    """End what a supervisor that died left behind in this folder; only processes that are really the same."""
    try:
        stack = Stack.load(data)
    except FileNotFoundError:
        return False
    orphans = [process for process in stack.processes.values() if process.alive]
    for process in orphans:
        signal_group(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPPED_WITHIN / 3
    while any(process.alive for process in orphans) and time.monotonic() < deadline:
        time.sleep(POLL)
    for process in orphans:
        if process.alive:
            signal_group(process.pid, signal.SIGKILL)
    (data / FILE).unlink(missing_ok=True)
    return bool(orphans)


def kill(data: Path, name: str, number: signal.Signals = signal.SIGKILL) -> Running:
    """Signal one part or service, as a crash would, and return the process it was."""
    process = Stack.load(data).processes[name]
    signal_group(process.pid, number)
    return process


async def restarted(data: Path, name: str, was: Running, seconds: float = 20.0) -> Running:
    """The process that took the place of `was`, once it answers. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while True:
            stack = Stack.load(data)
            process = stack.processes.get(name, was)
            if process != was and await probes.answers(name, process.url):
                return process
            await asyncio.sleep(POLL)
