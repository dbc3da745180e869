"""One operating-system process that is kept alive: started again when it dies, ended together with its children."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.environment import of_any_process
from deploy.embedded.errors import CannotStart

ROOT = Path(__file__).parents[2]
FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_AFTER = 0.2, 5.0, 10.0
POLL = 0.05
HOPELESS = 3
LOG_LIMIT = 20_000_000


@dataclass(frozen=True)
class Program:
    """What to run, and how to know that it answers. The command is made anew at each start."""

    name: str
    url: str
    command: Callable[[], list[str]]
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=of_any_process)
    after_death: Callable[[], Awaitable[None]] | None = None
    after_term: Callable[[], Awaitable[None]] | None = None


class Child:
    """A running program. Whoever holds it must `stop` it."""

    def __init__(self, program: Program, logs: Path, changed: Callable[[], object]) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0
        self._stopping = asyncio.Event()
        self._life = asyncio.create_task(self._live(), name=program.name)

    @property
    def pid(self) -> int | None:
        """The process of this moment; none between a death and the next start."""
        return self._process.pid if self._process else None

    async def until_ready(self, seconds: float) -> None:
        """Return once it answers. Raises `CannotStart` when it keeps dying or takes longer than this."""
        try:
            async with asyncio.timeout(seconds):
                while not (self.pid and await self.program.ready()):
                    if self._deaths >= HOPELESS:
                        said = self._last_words()
                        raise CannotStart(
                            f"{self.program.name} s’arrête dès son démarrage{said} (journal : {self.log})."
                        )
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise CannotStart(
                f"{self.program.name} ne répond pas après {seconds:.0f} s (journal : {self.log})."
            ) from None

    async def stop(self, grace: float) -> None:
        """End it and its children: asked first, forced after `grace` seconds."""
        self._stopping.set()
        signal_group(self.pid, signal.SIGTERM)
        # One that a test froze hears nothing until it goes on.
        signal_group(self.pid, signal.SIGCONT)
        if self.program.after_term:
            await self.program.after_term()
        _, pending = await asyncio.wait([self._life], timeout=grace)
        if pending:
            signal_group(self.pid, signal.SIGKILL)
        await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            born = clock()
            try:
                await self._run_once()
            except OSError as error:
                self._deaths += 1
                print(f"{self.program.name} : {error.strerror}", file=sys.stderr)
            if clock() - born > HEALTHY_AFTER:
                pause = FIRST_PAUSE
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *self.program.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=dict(self.program.environment),
                start_new_session=True,
            )
        self._process = process
        self._changed()
        if self._stopping.is_set():
            signal_group(process.pid, signal.SIGTERM)
        await process.wait()
        # A worker that outlives its parent would keep the port from the next one.
        signal_group(process.pid, signal.SIGKILL)
        self._process = None
        self._deaths += 1
        if self.program.after_death and not self._stopping.is_set():
            await self.program.after_death()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f" : {lines[-1].strip().rstrip('.')}" if lines else ""


def signal_group(pid: int | None, number: signal.Signals) -> None:
    """Signal a process and all it started; one that is gone is no error."""
    if pid:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


def birth_of(pid: int) -> str | None:
    """When this process began, or nothing if there is none: tells a process from a later one with its number."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        ps = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return ps.stdout.strip() or None
    try:
        # The name before the last parenthesis may hold anything; what follows are numbered fields from the third.
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
