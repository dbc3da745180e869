"""What the caisse publishes takes effect once, whatever is delivered."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import inbox, outbox
from chassis.inbox import Inbox, Outcome, Record
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.caisse import CareSettled
from contracts.envelope import Envelope, encode
from contracts.payments import ReimbursementPaid
from services.payments.consumers import consumers
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.handlers import Store
from services.payments.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.payments.builders import a_pharmacy_line, a_settlement


class Receiver:
    """The receiving end of payments, without a broker before it."""

    def __init__(self, service: Service) -> None:
        parameters = Parameters(BUILT_IN)

        def store(tx: outbox.Transaction) -> Store:
            return MongoStore(tx, parameters)

        self._database = service.database
        self._inbox = Inbox(
            consumers, Work(service.database, service.source, store, service.wake), store, service.cipher
        )
        self._offset = 0

    async def receive(self, settled: CareSettled, event_id: str | None = None, **but: Any) -> Outcome:
        self._offset += 1
        envelope = Envelope(
            id=event_id or str(uuid4()),
            type=CareSettled.type,
            source="/caisse/291",
            subject=str(settled.settlement_id),
            key=str(settled.person_id),
            time=datetime(2026, 11, 24, tzinfo=UTC),
            data={**settled.model_dump(mode="json"), **but},
        )
        return await self._inbox.receive(Record("payments.inbound", 0, self._offset, envelope.key, encode(envelope)))

    async def paid(self) -> list[int]:
        rows = await self._database["outbox"].find({"topic": ReimbursementPaid.topic}, sort=("sequence",))
        return [envelope_of(row).data["amount_cents"] for row in rows]


@pytest.fixture
async def receiver(mongodb_url: str) -> AsyncIterator[Receiver]:
    async for service in fresh_service("payments", mongodb_url):
        for indexes in (inbox.INDEXES, outbox.INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        yield Receiver(service)


async def test_a_settled_line_is_paid_once_under_one_event_or_several(receiver: Receiver) -> None:
    pharmacy, visit = a_pharmacy_line(3), a_settlement()
    assert await receiver.receive(pharmacy) is Outcome.DONE
    assert await receiver.receive(visit, str(UUID(int=1))) is Outcome.DONE
    assert await receiver.receive(visit, str(UUID(int=1))) is Outcome.SKIPPED
    assert await receiver.receive(visit, str(UUID(int=2))) is Outcome.DONE
    assert await receiver.receive(pharmacy) is Outcome.DONE
    assert await receiver.paid() == [1599, 1600]


async def test_a_line_that_changed_or_cannot_be_is_dead_and_holds_up_nobody(receiver: Receiver) -> None:
    visit = a_settlement()
    assert await receiver.receive(visit) is Outcome.DONE
    assert await receiver.receive(visit.model_copy(update={"base_cents": 9000})) is Outcome.DEAD
    assert await receiver.receive(a_settlement(), care_date="2026-12-31") is Outcome.DEAD
    assert await receiver.receive(a_settlement(), base_cents=-1) is Outcome.DEAD
    assert await receiver.receive(a_settlement(), nature="magic") is Outcome.DEAD
    assert await receiver.receive(a_settlement(), added_later=1) is Outcome.DONE
    assert await receiver.paid() == [1900, 1900]
