"""A broker that asks who one is: services prove it, and only the owner of a topic writes to it (A22)."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError

from chassis.consumers import Consumers
from chassis.history import raw_history
from chassis.kafka import Cluster, producer
from chassis.service import Service
from chassis.settings import ServiceSettings
from deploy.kafka import Guard, kafka, settings
from deploy.kafka.access import grant, rights
from tests.infra import service_settings, until
from tests.integration.chassis import toy
from tests.integration.chassis.toy import Said
from tests.integration.test_apache_kafka import free_ports

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

USERS = ("identity", "payments", "toy", "hearing")
TOPICS = ("identity.events", "payments.events", "toy.events")


class Guarded:
    """A broker with users and rights, and the settings of each user."""

    def __init__(self, mongodb_url: str, guard: Guard) -> None:
        self._mongodb_url, self._guard = mongodb_url, guard

    def of(self, user: str, **others: Any) -> ServiceSettings:
        known = {
            "kafka_username": user,
            "kafka_password": self._guard.users[user],
            "kafka_idempotence": True,
            "kafka_mechanism": "SCRAM-SHA-512",
            **others,
        }
        return service_settings("identity", self._mongodb_url, f"127.0.0.1:{self._guard.port}", **known)


@pytest.fixture(scope="module")
async def guarded(mongodb_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    guard = Guard(free_ports()[0], {user: secrets.token_hex(8) for user in USERS})
    with kafka(tmp_path_factory.mktemp("guarded"), *free_ports(), guard) as address:
        await Cluster(service_settings("identity", mongodb_url, address)).ensure_topics(TOPICS)
        await grant(address, rights("identity", ["identity.events"], ["payments.events"]))
        await grant(address, rights("payments", ["payments.events"], ["identity.events"]))
        await grant(address, rights("toy", ["toy.events"], []))
        await grant(address, rights("hearing", [], ["toy.events"]))
        yield Guarded(mongodb_url, guard)


async def send(settings: ServiceSettings, topic: str) -> None:
    async with producer(settings) as producing:
        await producing.send_and_wait(topic, b"{}", key=b"key")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_payments_writes_its_own_topic_and_no_other(guarded: Guarded, mechanism: str) -> None:
    payments = guarded.of("payments", kafka_mechanism=mechanism)
    await send(payments, "payments.events")
    with pytest.raises(TopicAuthorizationFailedError):
        await send(payments, "identity.events")
    found = [value async for value in raw_history(guarded.of("identity"), ["identity.events"])]
    assert found == []


async def test_what_a_service_is_not_meant_to_read_it_cannot_see(guarded: Guarded) -> None:
    seen = await Cluster(guarded.of("toy")).partitions(TOPICS)
    assert {place.topic for place in seen} == {"toy.events"}


async def test_a_service_reads_as_its_own_group_alone(guarded: Guarded) -> None:
    payments = Cluster(guarded.of("payments"))
    assert await payments.lag("payments", ["identity.events"])
    with pytest.raises(GroupAuthorizationFailedError):
        await payments.lag("identity", ["identity.events"])


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_a_wrong_password_opens_nothing(guarded: Guarded, mechanism: str) -> None:
    wrong = producer(guarded.of("payments", kafka_password="wrong", kafka_mechanism=mechanism))
    with pytest.raises(KafkaConnectionError):
        await wrong.start()
    await wrong.stop()


async def test_an_event_goes_from_one_service_to_another_through_the_guard(guarded: Guarded) -> None:
    speaking, hearing = (Service(name, guarded.of(name)) for name in ("toy", "hearing"))
    silent: Consumers[toy.Store] = Consumers("toy")
    person = uuid4()
    async with toy.process(speaking, silent) as speaker, toy.process(hearing, toy.listeners("hearing")):
        await speaker.work(toy.say, (Said(person_id=person, word="through"),))

        async def heard() -> bool:
            return await hearing.database["heard"].count({"person_id": str(person)}) == 1

        await until(heard, "the word heard", within=40)


async def test_the_file_with_the_passwords_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / settings.LOG_DIR).mkdir()
    (tmp_path / settings.LOG_DIR / "meta.properties").touch()
    written = settings.prepare(tmp_path, [], 1, 2, Guard(9099, {"toy": "canary"}))
    assert written.stat().st_mode & 0o077 == 0
    text = written.read_text()
    assert "listeners=GUARDED://127.0.0.1:9099,PLAINTEXT://127.0.0.1:1," in text
    assert 'user_toy="canary";' in text
