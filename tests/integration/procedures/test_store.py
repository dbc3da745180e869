"""The store of procedures on a real database does what the fake does, for two commands at once too."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.procedures import CardOrdered
from services.procedures import handlers
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.domain.requests import Request
from services.procedures.domain.vitale_card import OrderAlreadyInProgress
from services.procedures.handlers import Store
from services.procedures.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.procedures.builders import ANNA, a_person
from tests.unit.procedures.scenarios import SCENARIOS, World, an_order


@pytest.fixture
async def service(mongodb_url: str) -> AsyncIterator[Service]:
    async for each in fresh_service("procedures", mongodb_url):
        await each.database.ensure_indexes(INDEXES)
        yield each


@pytest.fixture
def world(service: Service) -> World:
    parameters = Parameters(BUILT_IN)
    work: Work[Store] = Work(service.database, service.source, lambda tx: MongoStore(tx, parameters), service.wake)

    async def said() -> list[CardOrdered]:
        rows = await service.database["outbox"].find({"key": str(ANNA)}, sort=("sequence",))
        envelopes = [envelope_of(row) for row in rows]
        events = [CardOrdered.read(envelope.data) for envelope in envelopes]
        assert [envelope.subject for envelope in envelopes] == [str(event.request_id) for event in events]
        return events

    return World(work, said)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_on_the_real_store(world: World, scenario: Callable[[World], Awaitable[None]]) -> None:
    await scenario(world)


async def test_of_orders_at_the_same_moment_one_is_placed(world: World) -> None:
    await world.meet(a_person())
    orders = [world.run(handlers.order_card, an_order()) for _ in range(5)]
    done = await asyncio.gather(*orders, return_exceptions=True)
    (placed,) = [each for each in done if isinstance(each, Request)]
    refused = [each for each in done if isinstance(each, OrderAlreadyInProgress)]
    assert [each.extensions["request_id"] for each in refused] == [placed.id] * 4
    assert [said.request_id for said in await world.said()] == [placed.id]


async def test_one_order_sent_twice_at_the_same_moment_is_one(world: World) -> None:
    await world.meet(a_person())
    command = an_order(request_id=uuid4())
    first, second = await asyncio.gather(world.order(command), world.order(command))
    assert first == second
    assert len(await world.said()) == 1
