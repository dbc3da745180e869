"""Tries parked events again, each person's in order, and brings dead ones back when an operator asks."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import Generic, TypeVar

from chassis import metrics, order
from chassis.clock import now
from chassis.inbox import Inbox, Outcome
from chassis.mongo import Database, Document

S = TypeVar("S")
BATCH = 500
CLAIM = timedelta(seconds=30)


class Redelivery(Generic[S]):
    """One pass is `run`; the application repeats it."""

    def __init__(self, database: Database, inbox: Inbox[S]) -> None:
        self._database = database
        self._inbox = inbox

    async def run(self) -> int:
        """Try what is due; how many events got their outcome. Raises DatabaseDown."""
        async with self._database.bounded():
            waiting = await self._database["inbox"].find(
                {"state": "parked"}, sort=("source", "key", "sequence", "offset"), limit=BATCH
            )
        metrics.parked.set(len(waiting))
        settled = 0
        for _, rows in groupby(waiting, key=lambda row: (row["source"], row["key"])):
            settled += await self._run_key(rows)
        return settled

    async def _run_key(self, rows: Iterable[Document]) -> int:
        """Take one person's events as far as they go; the first that must wait holds up the rest."""
        settled = 0
        for row in rows:
            if not await self._due(row) or not await self._claim(row):
                break
            outcome = await self._inbox.resume(row)
            if outcome is Outcome.PARKED:
                break
            settled += 1
        return settled

    async def _due(self, row: Document) -> bool:
        async with self._database.bounded():
            stored = await self._database["watermarks"].find_one({"_id": f"{row['source']}|{row['key']}"})
        watermark = order.Watermark(stored["last"], tuple(stored["missing"])) if stored else order.Watermark()
        return order.due(row, watermark, now())

    async def _claim(self, row: Document) -> bool:
        """Keep other processes of this service away from the row while it is tried."""
        async with self._database.bounded():
            claimed = await self._database["inbox"].update(
                {"_id": row["_id"], "state": "parked", "next_at": row["next_at"]},
                {"$set": {"next_at": now() + CLAIM}},
            )
        return bool(claimed)


async def replay_dead(database: Database) -> int:
    """Give every readable dead event a fresh retry budget; how many there were. Raises DatabaseDown."""
    async with database.bounded():
        return await database["inbox"].update_all(
            {"state": "dead", "value": {"$exists": True}},
            {
                "$set": {
                    "state": "parked",
                    "replay": True,
                    "attempts": 0,
                    "reason": "replay",
                    "next_at": now(),
                }
            },
        )
