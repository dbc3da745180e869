"""From one service's transaction to another's, on a real database and a real broker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.app import Running
from chassis.consumers import Consumers
from chassis.mongo import DatabaseDown
from chassis.redelivery import replay_dead
from chassis.service import Service
from tests.infra import service_settings, until
from tests.integration.chassis import toy
from tests.integration.chassis.toy import Ignored, Said


class World:
    """A speaking and a hearing service."""

    def __init__(self, speaker: Running, hearer: Running, hearing: Service) -> None:
        self.speaker, self.hearer, self.hearing = speaker, hearer, hearing

    async def say(self, person: UUID, *words: str) -> None:
        await self.speaker.work(toy.say, tuple(Said(person_id=person, word=word) for word in words))

    async def heard(self, person: UUID) -> list[str]:
        rows = await self.hearing.database["heard"].find({"person_id": str(person)}, sort=("_id",))
        return [row["word"] for row in rows]

    async def hears(self, person: UUID, *words: str, within: float = 20) -> None:
        async def all_heard() -> bool:
            try:
                return await self.heard(person) == list(words)
            except DatabaseDown:
                return False  # too busy to be looked at: look again

        await until(all_heard, f"{words} heard", within=within)

    async def dead(self, person: UUID) -> list[dict[str, Any]]:
        return await self.hearing.database["inbox"].find({"state": "dead", "key": str(person)})


@pytest.fixture(scope="module")
async def world(mongodb_url: str, kafka_url: str) -> AsyncIterator[World]:
    speaking = Service("toy", service_settings("identity", mongodb_url, kafka_url))
    hearing = Service("gateway", service_settings("gateway", mongodb_url, kafka_url))
    silent: Consumers[toy.Store] = Consumers("toy")
    group = toy.listeners(f"hearers-{uuid4().hex[:6]}")
    async with toy.process(speaking, silent) as speaker, toy.process(hearing, group) as hearer:
        yield World(speaker, hearer, hearing)


async def test_what_was_committed_together_is_heard_in_order(world: World) -> None:
    person = uuid4()
    await world.say(person, "one", "two")
    await world.say(person, "three")
    await world.hears(person, "one", "two", "three")


async def test_twenty_commands_of_one_person_at_once_get_twenty_sequences(world: World) -> None:
    person = uuid4()
    await asyncio.gather(*(world.say(person, str(n)) for n in range(20)))

    async def twenty() -> bool:
        return len(await world.heard(person)) == 20

    await until(twenty, "twenty words heard")
    rows = await world.hearing.database["heard"].find({"person_id": str(person)}, sort=("_id",))
    assert [row["sequence"] for row in rows] == list(range(1, 21))


async def test_an_event_nobody_reacts_to_does_not_hold_up_the_next(world: World) -> None:
    person = uuid4()
    await world.speaker.work(toy.say, (Ignored(person_id=person), Said(person_id=person, word="after")))
    await world.hears(person, "after")


async def test_a_reaction_that_fails_once_takes_effect_once(world: World) -> None:
    person, word = uuid4(), f"stumble-{uuid4()}"
    toy.fails[word] = 1
    await world.say(person, word)
    await world.hears(person, word)


async def test_a_failing_event_is_parked_and_later_ones_of_its_person_wait_while_others_go_on(world: World) -> None:
    slow, quick, word = uuid4(), uuid4(), f"park-{uuid4()}"
    toy.fails[word] = 4
    await world.say(slow, word, "behind")
    await world.say(quick, "meanwhile")
    await world.hears(quick, "meanwhile")
    assert await world.heard(slow) == []
    await world.hears(slow, word, "behind")


async def test_an_event_that_never_succeeds_is_dead_after_its_budget_and_can_be_replayed(world: World) -> None:
    person, word = uuid4(), f"dead-{uuid4()}"
    toy.fails[word] = 15
    await world.say(person, word, "next")
    await world.hears(person, "next", within=60)
    assert len(await world.dead(person)) == 1
    letters = await world.hearing.database["outbox"].find({"topic": "toy.events.dead", "key": str(person)})
    assert len(letters) == 1
    toy.fails[word] = 0
    await replay_dead(world.hearing.database)
    await world.hears(person, "next", word)
