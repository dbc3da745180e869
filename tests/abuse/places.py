"""Everywhere that something could leak to: topics, logs, spans, metrics and databases, as bytes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
from bson import encode as to_bson
from bson.codec_options import CodecOptions

from tests.infra import until
from tests.world import World

SERVICES = ("identity", "payments", "procedures", "notifications", "gateway")
UUIDS: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=4)


def spellings(secret: str) -> Iterator[bytes]:
    """As it is, in groups of four, and a NIR without its key."""
    yield secret.encode()
    if secret.isalnum():
        yield " ".join(re.findall(".{1,4}", secret)).encode()
    if re.fullmatch("[0-9]{15}", secret):
        yield secret[:13].encode()


def found(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """(place, name of the secret) for each that is found where it should not be."""
    return [
        (place, name)
        for name, secret in secrets.items()
        for spelling in spellings(secret)
        for place, content in places.items()
        if _stands_alone(spelling, content)
    ]


def _stands_alone(spelling: bytes, content: bytes) -> bool:
    # A few digits by themselves are also in longer numbers: not a leak.
    if len(spelling) > 8:
        return spelling in content
    return re.search(rb"(?<![\w.-])" + re.escape(spelling) + rb"(?![\w.+-])", content) is not None


async def everywhere(world: World) -> dict[str, bytes]:
    """What each place holds, by its name."""
    return {
        **{f"topic {name}": b"\n".join(values) for name, values in (await world.topics()).items()},
        "logs": world.logs().encode(),
        "spans": b"".join(path.read_bytes() for path in world.data.glob("traces*.ndjson")),
        **{f"metrics of {name}": await metrics(world, name) for name in SERVICES},
        **{f"database {name}": dump(world, name) for name in SERVICES},
    }


async def metrics(world: World, service: str) -> bytes:
    """What a service counts."""
    async with aiohttp.ClientSession() as http, http.get(f"{world.stack.services[service].url}/metrics") as response:
        return await response.read()


def dump(world: World, service: str) -> bytes:
    """All documents of a service's database as bytes; text and numbers stand in them as they are."""
    return b"\n".join(
        to_bson(each, codec_options=UUIDS) for rows in documents(world, service).values() for each in rows
    )


def documents(world: World, service: str) -> dict[str, list[dict[str, Any]]]:
    """All documents of a service's database, by collection."""
    database = world.database(service)
    return {name: list(database[name].find({})) for name in sorted(database.list_collection_names())}


async def quiet(world: World) -> None:
    """Wait until everything that was said has been published, heard and written."""
    waiting: list[Any] = []

    async def nothing_waits() -> bool:
        rows = {name: documents(world, name) for name in SERVICES}
        said = [(name, row) for name, each in rows.items() for row in each.get("outbox", [])]
        waiting[:] = [(name, row["type"]) for name, row in said if row["state"] == "pending"]
        mails = [row for row in rows["notifications"].get("mails", []) if row["open"]]
        # Whoever came by FranceConnect may have no address yet: their mails wait for one.
        reachable = {row["_id"] for row in rows["notifications"].get("contacts", []) if row.get("email")}
        waiting.extend(row["about"]["kind"] for row in mails if row.get("to") or row["person_id"] in reachable)
        return not waiting

    for _ in range(2):  # what was published last may make somebody speak
        try:
            await until(nothing_waits, "everything to be said and sent", within=60)
        except AssertionError as slow:
            slow.add_note(f"{len(waiting)} wait: {waiting[:5]}")
            raise
