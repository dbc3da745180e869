"""Identity composed as main.py does it, and its store alone, each on a database of its own."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.app import CHASSIS_INDEXES
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.event import EVENT_TYPES, Event
from services.identity import register
from services.identity.handlers import Store
from services.identity.store import INDEXES, MongoStore
from tests.infra import free_port, fresh_service
from tests.integration.identity.device import LINES, SECRETS, Client
from tests.unit.identity.fakes import RULES
from tests.unit.identity.scene import Scene


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def app(mongodb_url: str) -> AsyncIterator[FastAPI]:
    values = {
        **SECRETS["identity"],
        "port": free_port(),
        "mongodb_url": mongodb_url,
        "database": f"identity-{uuid4().hex[:12]}",
        "kafka_url": "127.0.0.1:1",
        "database_deadline": "PT20S",
        "neutral_answer_time": "PT0.06S",
        "public_url": "http://localhost:8400",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.setenv(f"IDENTITY_{name.upper()}", str(value))
        app: FastAPI = importlib.import_module("services.identity.main").app
    service = app.state.service
    for indexes in (*CHASSIS_INDEXES, INDEXES):
        await service.database.ensure_indexes(indexes)
    await service.cipher.prepare()
    yield app
    await service.database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[Client]:
    """A device on a system where Lucie and Marc are insured and nothing has happened yet."""
    database = app.state.service.database
    for name in (*INDEXES, "outbox", "sequences", "answers"):
        await database[name].delete({})
    taken = register.Import(lambda number: app.state.service.sealer.seal(number, "procedures"))
    await taken.take(LINES, app.state.work)
    assert (taken.changed, taken.wrong) == (2, {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://identity") as http:
        yield Client(http, app)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def service(mongodb_url: str) -> AsyncIterator[Service]:
    """The parts of a service with its indexes."""
    async for service in fresh_service("identity", mongodb_url):
        for indexes in (*CHASSIS_INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def work(service: Service) -> Work[Store]:
    """The unit of work on emptied collections."""
    for name in (*INDEXES, "outbox", "sequences", "answers"):
        await service.database[name].delete({})
    store = partial(MongoStore, cipher=service.cipher, parameters=RULES)
    return Work(service.database, service.source, store, service.wake)


async def published(service: Service) -> Sequence[Event]:
    """What was said so far."""
    rows = await service.database["outbox"].find({}, sort=("_id",))
    return [EVENT_TYPES[row["type"]].read(envelope_of(row).data) for row in rows]


@pytest.fixture
def scene(service: Service, work: Work[Store]) -> Scene:
    """A scene on the real store."""

    async def run(handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        return await work(handler, command)

    return Scene(run, partial(published, service))
