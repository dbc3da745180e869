"""A NIR, an IBAN and codes go through the whole journey, and are found nowhere that people look."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import aiohttp
from bson import encode as to_bson

from deploy.demo.people import somebody_new
from tests.world import World

SERVICES = ("identity", "payments", "procedures", "notifications", "gateway")
IBAN = "FR5912345123450000DEMO00115"


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
        await insured.call("POST", "/sessions", {"nir": person.nir, "code": wrong, "client_id": "web"})
        await insured.call("POST", "/accounts", {**person.form(), "email": person.nir, "surprise": IBAN})
        first_own = journey.code
        await journey.log_in()
        await journey.see_payments()
        await journey.order_card()
        await journey.see_confirmation()
        await journey.forget_code()
        second = await insured.provisional_code(count=2)
        secrets = [person.nir, IBAN, provisional, second, first_own, journey.code, wrong]
    places = {
        **{f"topic {name}": b"\n".join(values) for name, values in (await world.topics()).items()},
        "logs": world.logs().encode(),
        "spans": b"".join(path.read_bytes() for path in world.data.glob("traces.ndjson*")),
        **{f"metrics of {name}": await metrics(world, name) for name in SERVICES},
        **{f"database {name}": dump(world.database(name)) for name in SERVICES},
    }
    assert all(places.values()), "a place was not looked at"
    found = [
        (place, number)
        for number, secret in enumerate(secrets)
        for spelling in spellings(secret)
        for place, content in places.items()
        if spelling in content
    ]
    assert not found, f"(place, number of the secret): {found}"


async def metrics(world: World, service: str) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{world.stack.services[service].url}/metrics") as response:
        return await response.read()


def dump(database: Any) -> bytes:
    """All documents of a database as bytes; text and numbers stand in them as they are."""
    documents = [each for name in database.list_collection_names() for each in database[name].find({})]
    return b"\n".join(to_bson(each) for each in documents)
