"""Identity composed as main.py does it, on a database of its own."""

import importlib
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.app import CHASSIS_INDEXES
from services.identity import register
from services.identity.store import INDEXES
from tests.infra import free_port
from tests.integration.identity.device import LINES, SECRETS, Client


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def app(mongodb_url: str) -> AsyncIterator[FastAPI]:
    values = {
        **SECRETS["identity"],
        "port": free_port(),
        "mongodb_url": mongodb_url,
        "database": f"identity-{uuid4().hex[:12]}",
        "kafka_url": "127.0.0.1:1",
        "database_deadline": "PT5S",
        "neutral_answer_time": "PT0.06S",
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
    taken = register.Import()
    await taken.take(LINES, app.state.work)
    assert (taken.changed, taken.wrong) == (2, {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://identity") as http:
        yield Client(http, app)
