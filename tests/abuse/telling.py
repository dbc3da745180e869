"""Whether two kinds of answers can be told apart: by their bytes, or by their time."""

import random
import re
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from statistics import median

from tests.abuse.crowd import Heard, at_once
from tests.abuse.scale import FULL, scaled

# What differs between any two answers, whoever asks: when it was given, and what is left of a limit.
OWN = {"date", "x-trace-id", "ratelimit"}
TRACE_ID = re.compile(rb'"trace_id":\s*"[0-9a-f]{32}"')
MOST_AUC, MOST_GAP = 0.55, 0.002
# So many standard deviations lie between chance and the bar at a thousand pairs.
CERTAIN = 3.9
LANES = scaled(1, 2)
# The machine has no time for anybody: that tells nothing.
BUSY = {0, 503}
Ask = Callable[[int], Awaitable[Heard]]


@dataclass
class Compared:
    """Answers about what is known and what is not, each pair asked one after the other in an order that was drawn."""

    known: list[Heard] = field(default_factory=list)
    unknown: list[Heard] = field(default_factory=list)

    @property
    def forms(self) -> set[tuple[object, ...]]:
        """All answers, less what is each one's own."""
        return {form(each) for each in (*self.known, *self.unknown)}

    @property
    def auc(self) -> float:
        """How often a known one is told from an unknown one by its time alone: 0.5 is chance, 1 always."""
        found = auc([each.seconds for each in self.known], [each.seconds for each in self.unknown])
        return max(found, 1 - found)

    @property
    def gap(self) -> float:
        """Seconds between the medians."""
        return abs(median(each.seconds for each in self.known) - median(each.seconds for each in self.unknown))

    @property
    def most_auc(self) -> float:
        """The bar, further from chance for fewer pairs: chance alone reaches both equally rarely."""
        count = len(self.known)
        return max(MOST_AUC, 0.5 + CERTAIN * sqrt((2 * count + 1) / (12 * count * count)))

    @property
    def most_gap(self) -> float:
        """The bar, and for fewer pairs what their own spread explains."""
        if FULL:
            return MOST_GAP
        times = [each.seconds for each in (*self.known, *self.unknown)]
        middle = median(times)
        spread = 1.4826 * median(abs(each - middle) for each in times)
        return max(MOST_GAP, CERTAIN * 1.2533 * spread * sqrt(2 / len(self.known)))

    @property
    def silent(self) -> bool:
        """Whether the times tell nothing."""
        return self.auc <= self.most_auc and self.gap <= self.most_gap

    def __str__(self) -> str:
        return (
            f"{len(self.known)} pairs: AUC {self.auc:.3f} (at most {self.most_auc:.3f}), "
            f"gap {self.gap * 1000:.2f} ms (at most {self.most_gap * 1000:.2f})"
        )


def form(heard: Heard) -> tuple[object, ...]:
    """An answer, less what is its own."""
    headers = sorted((name, value) for name, value in heard.headers.items() if name not in OWN)
    return heard.status, tuple(headers), TRACE_ID.sub(b"", heard.body)


async def compare(known: Ask, unknown: Ask, pairs: int, *, at_a_time: int, between: Callable[[], None]) -> Compared:
    """Ask about `pairs` pairs, in few lanes; before every `at_a_time` of them, `between` is done.

    A pair is left out when the service was too busy for one of the two.
    """
    compared = Compared()

    async def pair(number: int) -> None:
        known_first = random.random() < 0.5
        first = await (known if known_first else unknown)(number)
        second = await (unknown if known_first else known)(number)
        if BUSY & {first.status, second.status}:
            return
        compared.known.append(first if known_first else second)
        compared.unknown.append(second if known_first else first)

    for first in range(0, pairs, at_a_time):
        between()
        await at_once([partial(pair, number) for number in range(first, min(pairs, first + at_a_time))], LANES)
    return compared


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """The share of pairs in which the one is larger, ties counting half (Mann-Whitney U over n times m)."""
    ranked = sorted(others)
    above = sum(bisect_left(ranked, each) + bisect_right(ranked, each) for each in ones)
    return above / 2 / (len(ones) * len(ranked))
