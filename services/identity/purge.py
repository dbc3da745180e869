"""Removes the accounts that nobody opened in time, a few at once (reliability A18)."""

import asyncio
from datetime import timedelta

from chassis.clock import now
from chassis.work import Work
from services.identity import handlers
from services.identity.handlers import Store

AT_ONCE = 50


class Purge:
    """A repeated task. Any number of processes may run it: of two that find one account, the second changes nothing."""

    def __init__(self, every: timedelta) -> None:
        self._every = every.total_seconds()

    async def __call__(self, work: Work[Store]) -> bool:
        """Close what is found, each account in its own transaction; truth when there may be more.

        Waits when there is no more, so that it looks once in a while only.
        """
        found = await work.read(handlers.find_unopened, handlers.FindUnopened(AT_ONCE, now()))
        for person_id in found:
            await work(handlers.close_unopened, handlers.CloseUnopened(person_id, now()))
        if len(found) == AT_ONCE:
            return True
        await asyncio.sleep(self._every)
        return False
