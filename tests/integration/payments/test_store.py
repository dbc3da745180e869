"""The store of payments on a real database does what the fake does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.payments import ReimbursementPaid
from services.payments import handlers
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.payments.builders import ANNA, a_settlement
from tests.unit.payments.scenarios import SCENARIOS, World


@pytest.fixture
async def service(mongodb_url: str) -> AsyncIterator[Service]:
    async for each in fresh_service("payments", mongodb_url):
        await each.database.ensure_indexes(INDEXES)
        yield each


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_on_the_real_store(service: Service, scenario: Callable[[World], Awaitable[None]]) -> None:
    parameters = Parameters(BUILT_IN)
    work = Work(service.database, service.source, lambda tx: MongoStore(tx, parameters), service.wake)

    async def said() -> list[ReimbursementPaid]:
        rows = await service.database["outbox"].find({"key": str(ANNA)}, sort=("sequence",))
        envelopes = [envelope_of(row) for row in rows]
        events = [ReimbursementPaid.read(envelope.data) for envelope in envelopes]
        assert [envelope.subject for envelope in envelopes] == [str(event.payment_id) for event in events]
        return events

    await scenario(World(work, said))


async def test_lines_of_one_person_at_the_same_moment_do_not_overdraw_a_cap(service: Service) -> None:
    parameters = Parameters(BUILT_IN)
    work = Work(service.database, service.source, lambda tx: MongoStore(tx, parameters), service.wake)
    visits = [a_settlement(units=2, base_cents=6000, rate_percent=100) for _ in range(4)]
    paid = await asyncio.gather(*(work(handlers.pay_reimbursement, visit) for visit in [*visits, visits[0]]))
    taken = {payment.id: payment.explanation[1].due_cents for payment in paid}
    assert sorted(taken.values()) == [0, 0, 400, 400]
    assert await service.database["outbox"].count({"key": str(ANNA)}) == 4
