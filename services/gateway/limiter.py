"""The counters behind the rate limits, in the database: every replica counts on the same ones.

Each counter is one document in `rates`: the instants of the uses that still matter, newest first, or where there may be
too many of those, a number that begins anew with each window. It is named by a keyed hash, so no address, no session
and no secret can be read from it, and it goes when its last use does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis import clock
from chassis.mongo import Database, Document, Index
from services.gateway.domain.limits import MOST, Counter, Standing

COUNTERS = "rates"
INDEXES: Mapping[str, Sequence[Index]] = {COUNTERS: [Index(("expires_at",), expire_after=timedelta())]}
TRIES = 3


class Limiter:
    """Counts uses: one read and at most one write, on however many counters. No two uses share a last place."""

    def __init__(
        self, database: Database, blind: Callable[[str], str], *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._bounded = database.bounded
        self._kept = database[COUNTERS]
        self._blind = blind
        self._now = now

    async def use(self, counters: Sequence[Counter]) -> list[Standing]:
        """Count one use on all of them, or on none if one is full. Raises DatabaseDown.

        Those of failures are looked at, and filled by `fail`.
        """
        standings: list[Standing] = []
        async with self._bounded():
            for _ in range(TRIES):
                places = self._places(counters)
                standings = await self._look(places)
                if not all(each.granted for each in standings):
                    return standings
                counting = [each for each in places if not each.counter.of_failures]
                counted = await self._add(counting)
                if counted == len(counting):
                    told = zip(counters, standings, strict=True)
                    return [standing if counter.of_failures else standing.after_use() for counter, standing in told]
                # Somebody else took the last place, or made the counter at the same time.
                await self._take_back(counting[:counted])
        return [replace(each, granted=False) for each in standings]

    async def fail(self, counters: Sequence[Counter]) -> None:
        """Count one failure on each, as far as there is room. Raises DatabaseDown."""
        async with self._bounded():
            await self._add(self._places(counters))

    def _places(self, counters: Sequence[Counter]) -> list["_Place"]:
        now = self._now()
        return [(_Instants if each.limit.amount <= MOST else _Number)(each, self._blind, now) for each in counters]

    async def _look(self, places: Sequence["_Place"]) -> list[Standing]:
        found = await self._kept.find({"_id": {"$in": [each.name for each in places]}}) if places else []
        kept = {each["_id"]: each for each in found}
        return [each.standing(kept.get(each.name, {})) for each in places]

    async def _add(self, places: Sequence["_Place"]) -> int:
        # A counter that is full does not match, and inserting another of its name is refused.
        adding = [({"_id": each.name, **each.room}, each.use) for each in places]
        return await self._kept.update_each(adding) if adding else 0

    async def _take_back(self, places: Sequence["_Place"]) -> None:
        if places:
            await self._kept.update_each([({"_id": each.name}, each.less) for each in places])


@dataclass(frozen=True)
class _Place:
    """Where one counter is kept, at one moment."""

    counter: Counter
    blind: Callable[[str], str]
    now: datetime

    @property
    def at(self) -> float:
        """The moment, in seconds since 1970."""
        return self.now.timestamp()

    @property
    def name(self) -> str:
        limit = self.counter.limit
        said = (self.counter.rule, limit.by.value, limit.amount, limit.seconds, self.counter.subject)
        return self.blind("\n".join(map(str, said)))

    @property
    def room(self) -> Document:
        """What holds of it while it is not full."""
        raise NotImplementedError

    @property
    def use(self) -> Document:
        """One use more."""
        raise NotImplementedError

    @property
    def less(self) -> Document:
        """One use less."""
        raise NotImplementedError

    def standing(self, kept: Mapping[str, Any]) -> Standing:
        """What it says before a use."""
        raise NotImplementedError

    def _standing(self, used: int, ends: float) -> Standing:
        left = max(0, self.counter.limit.amount - used)
        return Standing(self.counter.limit, left > 0, left, max(1, math.ceil(ends - self.at)))


class _Instants(_Place):
    """Exact in any window: a use counts until `seconds` after it."""

    @property
    def room(self) -> Document:
        limit = self.counter.limit
        return {f"uses.{limit.amount - 1}": {"$not": {"$gt": self.at - limit.seconds}}}

    @property
    def use(self) -> Document:
        limit = self.counter.limit
        added = {"$each": [self.at], "$position": 0, "$slice": limit.amount}
        return {"$push": {"uses": added}, "$set": {"expires_at": self.now + timedelta(seconds=limit.seconds)}}

    @property
    def less(self) -> Document:
        return {"$pop": {"uses": -1}}

    def standing(self, kept: Mapping[str, Any]) -> Standing:
        limit = self.counter.limit
        uses = [use for use in kept.get("uses", [])[: limit.amount] if use > self.at - limit.seconds]
        return self._standing(len(uses), min(uses, default=self.at) + limit.seconds)


class _Number(_Place):
    """Small however many uses it counts: they are forgotten together when their window ends."""

    @property
    def ends(self) -> float:
        """When its window does."""
        seconds = self.counter.limit.seconds
        return (self.at // seconds + 1) * seconds

    @property
    def name(self) -> str:
        return self.blind(f"{super().name}\n{self.ends:.0f}")

    @property
    def room(self) -> Document:
        return {"number": {"$lt": self.counter.limit.amount}}

    @property
    def use(self) -> Document:
        return {"$inc": {"number": 1}, "$set": {"expires_at": datetime.fromtimestamp(self.ends, UTC)}}

    @property
    def less(self) -> Document:
        return {"$inc": {"number": -1}}

    def standing(self, kept: Mapping[str, Any]) -> Standing:
        return self._standing(kept.get("number", 0), self.ends)
