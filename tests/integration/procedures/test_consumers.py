"""What identity publishes takes effect on what procedures knows of a person."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from chassis import clock, inbox, outbox
from chassis.inbox import Inbox, Outcome, Record
from chassis.service import Service
from chassis.work import Work
from contracts.envelope import Envelope, encode
from contracts.event import Event
from contracts.identity import AccountCreated, CaisseChanged
from services.procedures.consumers import consumers
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.domain.vitale_card import Person
from services.procedures.handlers import Store
from services.procedures.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.procedures.builders import ANNA, NOW, a_person

MOVED = CaisseChanged(person_id=ANNA, caisse="751", previous_caisse="291", changed_at=NOW)


class Receiver:
    """The receiving end of procedures, without a broker before it."""

    def __init__(self, service: Service) -> None:
        def store(tx: outbox.Transaction) -> Store:
            return MongoStore(tx, Parameters(BUILT_IN))

        self.database = service.database
        self._work: Work[Store] = Work(service.database, service.source, store, service.wake)
        self._inbox = Inbox(consumers, self._work, store, service.cipher)

    async def receive(self, event: Event, sequence: int) -> Outcome:
        data, key = event.model_dump(mode="json"), str(event.person_id)
        envelope = Envelope(str(uuid4()), event.type, "/compte/identity", key, key, clock.now(), data, sequence)
        return await self._inbox.receive(Record(event.topic, 0, sequence, key, encode(envelope)))

    async def known(self) -> Person | None:
        async def find(_: None, store: Store) -> Person | None:
            return (await store.heard(ANNA)).person

        return await self._work.read(find, None)


@pytest.fixture
async def receiver(mongodb_url: str) -> AsyncIterator[Receiver]:
    async for service in fresh_service("procedures", mongodb_url):
        for indexes in (inbox.INDEXES, outbox.INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        yield Receiver(service)


def an_account() -> AccountCreated:
    person = a_person()
    return AccountCreated(
        person_id=person.id,
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date=person.birth_date,
        caisse=person.caisse,
        email=None,
        provisional_code=None,
        code_expires_at=None,
        created_at=NOW,
    )


async def test_a_person_who_moves_is_known_at_the_new_caisse(receiver: Receiver) -> None:
    assert await receiver.receive(an_account(), 1) is Outcome.DONE
    assert await receiver.known() == a_person()
    assert await receiver.receive(MOVED, 2) is Outcome.DONE
    assert await receiver.known() == a_person(caisse="751")
    assert await receiver.receive(MOVED, 2) is Outcome.SKIPPED


async def test_a_person_whom_an_earlier_version_stored_is_still_known_and_moves(receiver: Receiver) -> None:
    await receiver.receive(an_account(), 1)
    facts = {"told_by": "", "moved_to": "", "moved_by": ""}
    assert await receiver.database["persons"].update({"_id": str(ANNA)}, {"$unset": facts}) == 1
    assert await receiver.known() == a_person()
    await receiver.receive(MOVED, 2)
    assert await receiver.known() == a_person(caisse="751")
