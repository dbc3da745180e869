"""What a process repeats for as long as it lives ends with it, whatever it is doing."""

import asyncio

import pytest

from chassis import background
from chassis.background import Background


async def test_a_task_that_loses_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AGAIN", 0.01)
    deaf = 2
    started = asyncio.Event()

    async def hears_late() -> None:
        nonlocal deaf
        while True:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not deaf:
                    raise
                deaf -= 1

    kept = Background()
    kept.keep("deaf", hears_late)
    await started.wait()
    async with asyncio.timeout(5):
        await kept.stop()
    assert deaf == 0


async def test_the_last_started_is_stopped_first() -> None:
    stopped: list[str] = []
    running = asyncio.Semaphore(0)

    def waiting(name: str) -> None:
        async def wait() -> None:
            running.release()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append(name)

        kept.keep(name, wait)

    kept = Background()
    waiting("first")
    waiting("last")
    for _ in range(2):
        await running.acquire()
    await kept.stop()
    assert stopped == ["last", "first"]
