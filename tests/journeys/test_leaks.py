"""A NIR, an IBAN and codes go through the whole journey, and are found nowhere that people look."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiokafka import AIOKafkaProducer
from bson import encode as to_bson

from contracts.envelope import Envelope, encode
from deploy.demo.people import somebody_new
from tests.infra import until
from tests.world import World

SERVICES = ("identity", "payments", "procedures", "notifications", "gateway")
IBAN = "FR5912345123450000DEMO00115"
POISON = "184071399099918"
TOPICS = (
    "identity.events",
    "payments.events",
    "procedures.events",
    "notifications.events",
    "payments.inbound",
    "payments.inbound.dead",
)


def spellings(secret: str) -> Iterator[bytes]:
    """As it is, in groups of four, and without the NIR's key."""
    yield secret.encode()
    yield " ".join(re.findall(".{1,4}", secret)).encode()
    if len(secret) == 15:
        yield secret[:13].encode()


async def test_a_canary_nir_code_and_iban_are_in_no_topic_log_span_metric_dead_letter_nor_clear_in_a_database(
    world: World,
) -> None:
    person = replace(somebody_new(), iban=IBAN)
    async with world.insured(person) as insured:
        journey = world.journey(person, insured)
        await journey.create()
        provisional = await insured.provisional_code()
        await journey.first_log_in()
        await journey.choose_code()
        wrong = "7391846205"
        await insured.log_in(person.nir, wrong)
        await insured.call("POST", "/accounts", {**person.form(), "email": person.nir, "surprise": IBAN})
        first_own = journey.code
        await journey.log_in()
        await journey.see_payments()
        await journey.order_card()
        await journey.see_confirmation()
        await journey.forget_code()
        second = await insured.provisional_code(count=2)
        secrets = [person.nir, IBAN, provisional, second, first_own, journey.code, wrong, POISON]
    await send_poison(world, person.person_id)
    places = await everywhere(world)
    unseen = [place for place, content in places.items() if not content and not place.startswith("topic")]
    assert not unseen
    assert all(places[f"topic {name}"] for name in TOPICS)
    assert POISON.encode() in places["topic payments.inbound"]
    found = [
        (place, number)
        for number, secret in enumerate(secrets)
        for spelling in spellings(secret)
        for place, content in places.items()
        if spelling in content and (secret, place) != (POISON, "topic payments.inbound")
    ]
    assert not found, f"(place, number of the secret): {found}"


async def everywhere(world: World) -> dict[str, bytes]:
    """What each place holds, by its name."""
    return {
        **{f"topic {name}": b"\n".join(values) for name, values in (await world.topics()).items()},
        "logs": world.logs().encode(),
        "spans": b"".join(path.read_bytes() for path in world.data.glob("traces*.ndjson")),
        **{f"metrics of {name}": await metrics(world, name) for name in SERVICES},
        **{f"database {name}": dump(world.database(name)) for name in SERVICES},
    }


async def send_poison(world: World, key: str) -> None:
    """Two messages that nobody can use: one that is no JSON, one whose data is wrong; both quote a NIR."""
    wrong = Envelope("poison", "caisse.CareSettled.v1", "/caisse", "x", key, datetime.now(UTC), {"person_id": POISON})
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka) as producer:
        for value in (f"nir={POISON}".encode(), encode(wrong)):
            await producer.send_and_wait("payments.inbound", value, key=key.encode())

    async def two_letters() -> bool:
        return len((await world.topics())["payments.inbound.dead"]) >= 2

    await until(two_letters, "two dead letters")


async def metrics(world: World, service: str) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{world.stack.services[service].url}/metrics") as response:
        return await response.read()


def dump(database: Any) -> bytes:
    """All documents of a database as bytes; text and numbers stand in them as they are."""
    documents = [each for name in database.list_collection_names() for each in database[name].find({})]
    return b"\n".join(to_bson(each) for each in documents)
