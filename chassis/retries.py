"""How long and how often an event that fails is tried again."""

import asyncio
from datetime import datetime, timedelta

from chassis.ids import jitter

IN_PROCESS = 3
BUDGET = 5
PATIENCE = timedelta(seconds=30)


async def pause(attempt: int) -> None:
    """Wait between two tries in process: 50 ms, then 100 ms, with jitter."""
    await asyncio.sleep(jitter(0.05 * 2**attempt))


def again_at(reason: str, attempts: int, now: datetime) -> datetime:
    """When a parked event is tried again: after 1, 2, 4, 8 s; one with a gap before it waits 30 s for it."""
    if reason == "gap":
        return now + PATIENCE
    return now + timedelta(seconds=jitter(2 ** (attempts - 1)))


def spent(attempts: int) -> bool:
    """Whether the retry budget of an event is used up."""
    return attempts >= BUDGET
