"""The counters behind the rate limits, in the database: every replica counts on the same ones.

Each counter is one document in `rates`, the instants of the uses that still matter, newest first. It is named by a
keyed hash, so no address and no session can be read from it, and it goes when its last use does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import MovingWindowSupport, Storage
from limits.aio.strategies import MovingWindowRateLimiter

from chassis import clock
from chassis.mongo import Database, DatabaseDown, Duplicate, Index
from services.gateway.domain.limits import Counter, Standing

COUNTERS = "rates"
INDEXES: Mapping[str, Sequence[Index]] = {COUNTERS: [Index(("expires_at",), expire_after=timedelta())]}
TRIES = 3


class Limiter:
    """Counts uses. A use is granted and counted in one atomic step, so no two of them share the last place."""

    def __init__(
        self, database: Database, blind: Callable[[str], str], *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._bounded = database.bounded
        self._windows = MovingWindowRateLimiter(Uses(database, blind, now))
        self._now = now

    async def use(self, counter: Counter) -> Standing:
        """Count one use, unless there were too many: a refused one is not counted. Raises DatabaseDown."""
        limit = counter.limit
        item = RateLimitItemPerSecond(limit.amount, limit.seconds, counter.rule)
        names = (limit.by.value, counter.subject)
        async with self._bounded():
            for _ in range(TRIES):
                granted = await self._windows.hit(item, *names)
                reset, remaining = await self._windows.get_window_stats(item, *names)
                if granted or remaining <= 0:
                    break
                # Somebody else made the counter at the same time, or a use left it just now.
        wait = math.ceil(reset - self._now().timestamp())
        return Standing(limit, granted, max(0, remaining), max(1, wait))


class Uses(Storage, MovingWindowSupport):
    """What the strategies of `limits` keep, on the chassis's database. Times are seconds since 1970."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database, blind: Callable[[str], str], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._counters = database[COUNTERS]
        self._blind = blind
        self._now = now

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when it cannot tell."""
        return DatabaseDown

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Add a use unless the one that would be pushed out still matters."""
        now = self._now()
        at = now.timestamp()
        # A counter that is full does not match, and inserting another of its name is refused.
        has_room = {"_id": self._blind(key), f"uses.{limit - amount}": {"$not": {"$gt": at - expiry}}}
        added = {"$each": [at] * amount, "$position": 0, "$slice": limit}
        change = {"$push": {"uses": added}, "$set": {"expires_at": now + timedelta(seconds=expiry)}}
        try:
            await self._counters.update(has_room, change, upsert=True)
        except Duplicate:
            return False
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The oldest use that matters, and how many do."""
        at = self._now().timestamp()
        found = await self._counters.find_one({"_id": self._blind(key)}, only=["uses"])
        uses = [use for use in found["uses"][:limit] if use > at - expiry] if found else []
        return min(uses, default=at), len(uses)

    async def _not_kept(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("only moving windows are kept")

    incr = get = get_expiry = check = reset = clear = _not_kept
