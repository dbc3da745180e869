"""How long somebody who does nothing wrong waits while others do."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

# Not on a machine that others use meanwhile, as CI's is.
TIMED = os.environ.get("ABUSE") != "untimed"
CALM_SECONDS = 4.0
TIMES = 2
# What a busy machine's scheduler adds to a few milliseconds: to one answer in a hundred, and to half of them.
FLOOR, FLOOR_OF_MEDIAN = 0.025, 0.01


@dataclass(frozen=True)
class Waits:
    """Seconds of one answer after the other: in calm right before and right after, and meanwhile."""

    calm: Sequence[float]
    meanwhile: Sequence[float]

    @property
    def hardly_longer(self) -> bool:
        """Whether half, and all but one in a hundred, wait at most twice as long as in calm; untimed, all do."""
        most, most_p99 = max(TIMES * _median(self.calm), FLOOR_OF_MEDIAN), max(TIMES * _p99(self.calm), FLOOR)
        return not TIMED or (_median(self.meanwhile) <= most and _p99(self.meanwhile) <= most_p99)

    def __str__(self) -> str:
        told = [f"{_median(each) * 1e3:.1f}/{_p99(each) * 1e3:.1f} ms" for each in (self.calm, self.meanwhile)]
        return f"median/p99 {told[0]} in calm, {told[1]} meanwhile ({len(self.calm)}, {len(self.meanwhile)} answers)"


async def waits(ask: Callable[[], Awaitable[object]], during: Awaitable[object]) -> Waits:
    """How long `ask` takes while that lasts, against the calm right before and right after it, in the same run."""
    before = await _paces(ask, asyncio.sleep(CALM_SECONDS))
    meanwhile = await _paces(ask, during)
    after = await _paces(ask, asyncio.sleep(CALM_SECONDS))
    return Waits([*before, *after], meanwhile)


async def _paces(ask: Callable[[], Awaitable[object]], during: Awaitable[object]) -> list[float]:
    waiting, took = asyncio.ensure_future(during), []
    while not waiting.done():
        started = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - started)
        await asyncio.sleep(0.02)
    await waiting
    return took


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]
