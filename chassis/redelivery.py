"""Tries parked events again, each person's in order, and brings dead ones back when an operator asks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from chassis import metrics, order
from chassis.clock import now
from chassis.inbox import Inbox, Outcome
from chassis.mongo import Database, Document

S = TypeVar("S")
BATCH = 500
CLAIM = timedelta(seconds=30)
PLACE = ("source", "key", "sequence", "reason", "next_at")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Person = tuple[str, str]


class Redelivery(Generic[S]):
    """One pass is `run`; the application repeats it."""

    def __init__(self, database: Database, inbox: Inbox[S]) -> None:
        self._database = database
        self._inbox = inbox
        self._looked_until = LONG_AGO

    async def run(self) -> int:
        """Try what is due, and what waited for an event that has come; how many got their outcome.

        Raises DatabaseDown.
        """
        async with self._database.bounded():
            parked = await self._database["inbox"].count({"state": "parked"})
        metrics.parked.set(parked)
        settled = 0
        for person in await self._persons() if parked else ():
            settled += await self._run_person(person)
        return settled

    async def _persons(self) -> Sequence[Person]:
        """Whose events to look at, who waited longest first: those of what is due, and those whose gap closed."""
        at = now()
        due = await self._waiting({"$lte": at})
        # Of those that wait, a part in each pass: whatever their number, none is kept from being looked at.
        early = await self._waiting({"$gt": max(at, self._looked_until)})
        self._looked_until = early[-1]["next_at"] if len(early) == BATCH else LONG_AGO
        watermarks = await self._watermarks({_person(row) for row in early})
        closed = [row for row in early if order.due(row, watermarks.get(_person(row), order.Watermark()), at)]
        return list(dict.fromkeys(_person(row) for row in (*due, *closed)))

    async def _waiting(self, when: Document) -> Sequence[Document]:
        async with self._database.bounded():
            return await self._database["inbox"].find(
                {"state": "parked", "next_at": when}, sort=("next_at",), limit=BATCH, only=PLACE
            )

    async def _watermarks(self, persons: set[Person]) -> dict[Person, order.Watermark]:
        names = {f"{source}|{key}": (source, key) for source, key in persons}
        if not names:
            return {}
        async with self._database.bounded():
            stored = await self._database["watermarks"].find({"_id": {"$in": list(names)}})
        return {names[each["_id"]]: order.Watermark(each["last"], tuple(each["missing"])) for each in stored}

    async def _run_person(self, person: Person) -> int:
        """Take one person's events as far as they go; the first that must wait holds up the rest."""
        source, key = person
        async with self._database.bounded():
            rows = await self._database["inbox"].find(
                {"state": "parked", "source": source, "key": key}, sort=("sequence", "offset"), limit=BATCH
            )
        for done, row in enumerate(rows):
            if not await self._due(row):
                await self._hold_up(person, row["next_at"])
                return done
            if not await self._claim(row) or await self._inbox.resume(row) is Outcome.PARKED:
                return done
        return len(rows)

    async def _due(self, row: Document) -> bool:
        watermarks = await self._watermarks({_person(row)})
        return order.due(row, watermarks.get(_person(row), order.Watermark()), now())

    async def _hold_up(self, person: Person, until: datetime) -> None:
        """Let what is behind the first be due with it: until then it must not stand in front of other persons'."""
        source, key = person
        behind = {"state": "parked", "source": source, "key": key, "next_at": {"$lt": until}}
        async with self._database.bounded():
            await self._database["inbox"].update_all(behind, {"$set": {"next_at": until}})

    async def _claim(self, row: Document) -> bool:
        """Keep other processes of this service away from the row while it is tried."""
        async with self._database.bounded():
            claimed = await self._database["inbox"].update(
                {"_id": row["_id"], "state": "parked", "next_at": row["next_at"]},
                {"$set": {"next_at": now() + CLAIM}},
            )
        return bool(claimed)


def _person(row: Document) -> Person:
    return row["source"], row["key"]


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
