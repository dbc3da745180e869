"""Tasks that live as long as the process: started once, restarted when they fail, stopped in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable

from chassis import metrics
from chassis.ids import jitter
from chassis.mongo import DatabaseDown
from chassis.telemetry import log

FIRST, SLOWEST = 0.2, 10.0
AGAIN = 6.0  # seconds; one more than the relay may take to close its producer


class Background:
    """The background tasks of one process."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run something that never ends by itself; start it again after a failure, later each time (up to 10 s)."""
        self._tasks.append(asyncio.create_task(_kept(name, run), name=name))

    async def stop(self) -> None:
        """Cancel them all, the last started first, until each has ended: PyMongo loses a cancellation at times."""
        for task in reversed(self._tasks):
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=AGAIN)


async def _kept(name: str, run: Callable[[], Awaitable[None]]) -> None:
    clock, wait = asyncio.get_running_loop().time, FIRST
    while True:
        started = clock()
        try:
            await run()
        except asyncio.CancelledError:
            raise
        except DatabaseDown:
            pass
        except Exception as error:
            log.error("background task failed", task=name, cause=type(error).__name__, exc_info=True)
        metrics.background_failures.labels(name).inc()
        if clock() - started > SLOWEST:
            wait = FIRST
        await asyncio.sleep(jitter(wait))
        wait = min(wait * 2, SLOWEST)
