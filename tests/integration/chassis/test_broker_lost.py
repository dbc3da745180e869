"""A broker that comes back without its log: everything is published again, and nothing takes effect twice."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.consumers import Consumers
from chassis.history import raw_history
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.envelope import decode
from tests.infra import broker, free_port, service_settings, until
from tests.integration.chassis import toy
from tests.integration.chassis.test_carrying import World

Settings = tuple[ServiceSettings, ServiceSettings]


@pytest.fixture
def settings(mongodb_url: str) -> Settings:
    address = f"127.0.0.1:{free_port()}"
    return service_settings("identity", mongodb_url, address), service_settings("gateway", mongodb_url, address)


@asynccontextmanager
async def two_services(settings: Settings, group: Consumers[toy.Store]) -> AsyncIterator[World]:
    """A speaking and a hearing process, on the databases that earlier ones left."""
    speaking, hearing = Service("toy", settings[0]), Service("gateway", settings[1])
    silent: Consumers[toy.Store] = Consumers("toy")
    async with toy.process(speaking, silent) as speaker, toy.process(hearing, group) as hearer:
        yield World(speaker, hearer, hearing)


async def test_an_empty_broker_gets_every_event_again_and_nobody_hears_one_twice(
    settings: Settings, folder: Path
) -> None:
    port = int(settings[0].kafka_url.partition(":")[2])
    group = toy.listeners(f"hearers-{uuid4().hex[:6]}")
    person = uuid4()
    with broker(folder / "first", port):
        async with two_services(settings, group) as world:
            await world.say(person, "one", "two")
            await world.hears(person, "one", "two")
    async with two_services(settings, group) as world:
        await world.say(person, "while nobody listens")
        with broker(folder / "second", port):
            await world.hears(person, "one", "two", "while nobody listens", within=45)
            published = [decode(value) async for value in raw_history(settings[0], ["toy.events"])]
            assert [event.sequence for event in published] == [1, 2, 3]
            await world.say(person, "after")
            await world.hears(person, "one", "two", "while nobody listens", "after")


async def test_rows_are_published_in_the_order_of_each_person_however_they_were_committed(
    settings: Settings, folder: Path
) -> None:
    speaking = Service("toy", settings[0])
    silent: Consumers[toy.Store] = Consumers("toy")
    people = [uuid4() for _ in range(5)]
    async with toy.process(speaking, silent) as speaker:
        for number in range(8):
            for person in people:
                await speaker.work(toy.say, (toy.Said(person_id=person, word=str(number)),))
        with broker(folder, int(speaking.settings.kafka_url.partition(":")[2])):

            async def all_published() -> bool:
                return not await speaking.database["outbox"].find_one({"state": "pending"})

            await until(all_published, "outbox empty", within=30)
            values = [json.loads(value) async for value in raw_history(speaking.settings, ["toy.events"])]
    for person in people:
        mine = [value["sequence"] for value in values if value["partitionkey"] == str(person)]
        assert mine == list(range(1, 9))
