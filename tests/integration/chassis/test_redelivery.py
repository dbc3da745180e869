"""Parked events are tried when it is their turn, however many of other persons wait."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from chassis import inbox, metrics, work
from chassis.clock import now
from chassis.inbox import Inbox, Outcome, Record
from chassis.redelivery import BATCH, Redelivery
from chassis.service import Service
from chassis.work import Work
from contracts.envelope import Envelope, encode
from tests.infra import service_settings
from tests.integration.chassis import toy

SOURCE = "/compte/toy"
LATE = UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")
LATER = timedelta(hours=1)


class Hearing:
    """One process that hears, without a broker."""

    def __init__(self, service: Service) -> None:
        self.service, self.database = service, service.database
        self.work: Work[toy.Store] = Work(service.database, service.source, toy.Store, service.wake)
        self.inbox = Inbox(toy.listeners("hearers"), self.work, toy.Store, service.cipher)
        self.redelivery = Redelivery(service.database, self.inbox)

    async def hear(self, person: UUID, word: str, sequence: int) -> Outcome:
        """Let an event arrive."""
        event = toy.Said(person_id=person, word=word)
        envelope = Envelope(
            id=str(uuid4()),
            type=event.type,
            source=SOURCE,
            subject="word",
            key=str(person),
            sequence=sequence,
            time=now(),
            data=event.model_dump(mode="json"),
        )
        return await self.inbox.receive(Record(event.topic, 0, sequence, envelope.key, encode(envelope)))

    async def heard(self, person: UUID) -> list[str]:
        rows = await self.database["heard"].find({"person_id": str(person)}, sort=("_id",))
        return [row["word"] for row in rows]

    async def wait(self, count: int, *, until: datetime, key: str = "") -> None:
        """So many rows that wait until then: of as many persons, all before LATE, or of one person."""
        await self.database["inbox"].insert(*(a_row(n, key or f"{n:08}", until) for n in range(count)))

    async def make_due(self, person: UUID, at: datetime) -> None:
        await self.database["inbox"].update_all({"state": "parked", "key": str(person)}, {"$set": {"next_at": at}})


def a_row(n: int, key: str, until: datetime) -> dict[str, Any]:
    place = {"_id": f"{key}-{n}", "source": SOURCE, "key": key, "sequence": 5 + n, "offset": n, "topic": "toy.events"}
    return {**place, "state": "parked", "reason": "gap", "attempts": 0, "next_at": until}


@pytest_asyncio.fixture
async def hearing(mongodb_url: str) -> AsyncIterator[Hearing]:
    """On an empty database."""
    service = Service("gateway", service_settings("gateway", mongodb_url))
    for indexes in (inbox.INDEXES, work.INDEXES, toy.INDEXES):
        await service.database.ensure_indexes(indexes)
    await service.cipher.prepare()
    yield Hearing(service)
    await service.database.close()


async def park(hearing: Hearing, person: UUID, word: str) -> None:
    """An event that failed, and whose next try is due."""
    toy.fails[word] = 3
    assert await hearing.hear(person, word, 1) is Outcome.PARKED
    await hearing.make_due(person, now() - timedelta(seconds=1))


async def test_what_is_due_is_tried_however_many_of_others_wait(hearing: Hearing) -> None:
    await hearing.wait(BATCH + 100, until=now() + LATER)
    await park(hearing, LATE, word := f"due-{uuid4()}")
    assert await hearing.redelivery.run() == 1
    assert await hearing.heard(LATE) == [word]


async def test_what_waited_for_an_event_that_came_is_told_within_a_few_passes_however_many_wait(
    hearing: Hearing,
) -> None:
    assert await hearing.hear(LATE, "second", 2) is Outcome.PARKED
    await hearing.make_due(LATE, now() + 2 * LATER)
    for hours in (1, 2):
        await hearing.wait(BATCH, until=now() + hours * LATER, key=f"{hours:08}")
    assert await hearing.hear(LATE, "first", 1) is Outcome.DONE
    settled = [await hearing.redelivery.run() for _ in range(4)]
    assert sum(settled) == 1
    assert await hearing.heard(LATE) == ["first", "second"]


async def test_what_is_held_up_behind_one_person_holds_up_no_other(hearing: Hearing) -> None:
    await hearing.wait(1, until=now() + LATER, key="0")
    behind = [a_row(n, "0", now() - LATER) for n in range(1, BATCH + 100)]
    await hearing.database["inbox"].insert(*behind)
    await park(hearing, LATE, word := f"held-{uuid4()}")
    assert sum([await hearing.redelivery.run() for _ in range(2)]) == 1
    assert await hearing.heard(LATE) == [word]
    assert await hearing.database["inbox"].count({"state": "parked", "key": "0"}) == BATCH + 100


async def test_the_events_of_one_person_are_told_in_their_order_whenever_each_is_due(hearing: Hearing) -> None:
    words = [f"{n}-{uuid4()}" for n in (1, 2, 3)]
    for n in (3, 2):
        assert await hearing.hear(LATE, words[n - 1], n) is Outcome.PARKED
    await park(hearing, LATE, words[0])
    toy.fails[words[0]] = 3
    assert await hearing.redelivery.run() == 0
    assert await hearing.heard(LATE) == []
    await hearing.database["inbox"].update_all({"sequence": 1}, {"$set": {"next_at": now() - timedelta(seconds=1)}})
    assert await hearing.redelivery.run() == 3
    assert await hearing.heard(LATE) == words


async def test_the_gauge_counts_all_that_wait(hearing: Hearing) -> None:
    await hearing.wait(BATCH + 20, until=now() + LATER)
    await hearing.redelivery.run()
    assert metrics.parked._value.get() == BATCH + 20
    await hearing.database["inbox"].delete({})
    await hearing.redelivery.run()
    assert metrics.parked._value.get() == 0
