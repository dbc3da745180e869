"""Encrypted fields, their keys and how these change, on a real database."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import encode
from bson.binary import Binary

from chassis import failpoints, rotation
from chassis.encryption import Damaged, KeyOutOfReach, data_key_of
from chassis.failpoints import FailpointReached
from chassis.mongo import CODEC
from chassis.rotation import Rotated, rotate
from chassis.service import Service
from tests.infra import service_settings

NIR = "285032999090195"
ENCRYPTED = {"people": ("nir", "home.address", "children.nir")}
AT_ONCE = timedelta(0)
PEOPLE = 25


def a_key() -> str:
    return base64.b64encode(secrets.token_bytes(96)).decode()


class Deployment:
    """One database, opened by processes with one or another set of master keys."""

    def __init__(self, mongodb_url: str) -> None:
        self._url = mongodb_url
        self._database = f"rotating-{uuid4().hex[:10]}"
        self._index_key = base64.b64encode(secrets.token_bytes(32)).decode()

    @asynccontextmanager
    async def process(self, key: str, *previous: str, **others: Any) -> AsyncIterator[Service]:
        settings = service_settings(
            "identity",
            self._url,
            database=self._database,
            index_key=self._index_key,
            field_key=key,
            previous_field_keys=previous,
            **others,
        )
        service = Service("identity", settings)
        try:
            yield service
        finally:
            await service.database.close()


@pytest.fixture
def deployment(mongodb_url: str) -> Deployment:
    return Deployment(mongodb_url)


async def fill(service: Service, count: int = PEOPLE) -> None:
    await service.cipher.prepare()
    encrypt = service.cipher.encrypt
    for number in range(count):
        person = {
            "_id": f"person-{number:03}",
            "nir": await encrypt(f"{NIR}{number}"),
            "home": {"address": await encrypt(f"rue {number}"), "floor": number},
            "children": [{"nir": await encrypt(f"child {number}")}, {"name": "no number"}],
        }
        await service.database["people"].insert(person)
    await service.database["people"].insert({"_id": "person-without"})
    await service.database["inbox"].insert({"_id": str(uuid4()), "state": "parked", "value": await encrypt("waits")})
    await service.database["inbox"].insert({"_id": str(uuid4()), "state": "done"})


async def fields(service: Service) -> list[Binary]:
    rows = await service.database["people"].find({"nir": {"$exists": True}}, sort=("_id",))
    waiting = await service.database["inbox"].find({"value": {"$exists": True}})
    found = [(row["nir"], row["home"]["address"], row["children"][0]["nir"]) for row in rows]
    return [field for row in found for field in row] + [row["value"] for row in waiting]


async def texts(service: Service) -> list[str]:
    return [await service.cipher.decrypt(field) for field in await fields(service)]


EXPECTED = [text for n in range(PEOPLE) for text in (f"{NIR}{n}", f"rue {n}", f"child {n}")] + ["waits"]


async def test_after_a_rotation_only_the_new_master_key_is_needed_and_the_old_one_opens_nothing(
    deployment: Deployment,
) -> None:
    old, new = a_key(), a_key()
    async with deployment.process(old) as before:
        await fill(before)
        former = {data_key_of(field) for field in await fields(before)}
    async with deployment.process(new, old) as rotating:
        done = await rotate(rotating, ENCRYPTED, remembered=AT_ONCE)
        assert done == Rotated(data_keys=1, renewed=len(EXPECTED))
    async with deployment.process(new) as after:
        await after.cipher.prepare()
        assert await texts(after) == EXPECTED
        assert former.isdisjoint({data_key_of(field) for field in await fields(after)})
    async with deployment.process(old) as stolen:
        with pytest.raises(KeyOutOfReach):
            await stolen.cipher.prepare()
        with pytest.raises(KeyOutOfReach):
            await texts(stolen)


async def test_every_rotation_changes_the_data_key_once(deployment: Deployment) -> None:
    async with deployment.process(a_key()) as service:
        await fill(service, 3)
        seen = []
        for expected in (1, 2, 3):
            done = await rotate(service, ENCRYPTED, remembered=AT_ONCE)
            assert done == Rotated(data_keys=expected, renewed=10)
            (key,) = {data_key_of(field) for field in await fields(service)}
            seen.append(key)
        assert len(set(seen)) == 3


@contextmanager
def armed(folder: Path, name: str) -> Iterator[None]:
    failpoints.configure(folder, "identity")
    (folder / f"identity.{name}").write_text("raise")
    try:
        yield
    finally:
        failpoints.configure(None, "")


@pytest.mark.parametrize("place", ["R1", "R2"])
async def test_a_rotation_that_was_cut_short_is_finished_by_the_next(
    deployment: Deployment, folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 10)
    old, new = a_key(), a_key()
    async with deployment.process(old) as before:
        await fill(before)
    async with deployment.process(new, old) as first:
        with armed(folder, place), pytest.raises(FailpointReached):
            await rotate(first, ENCRYPTED, remembered=AT_ONCE)
        (oldest,) = await first.database["keys"].find({}, sort=("creationDate",), limit=1)
        already = len([field for field in await fields(first) if data_key_of(field) != oldest["_id"]])
        assert await texts(first) == EXPECTED
    async with deployment.process(new, old) as second:
        done = await rotate(second, ENCRYPTED, remembered=AT_ONCE)
        assert done.renewed == len(EXPECTED) - already
        assert len({data_key_of(field) for field in await fields(second)}) == 1
        assert await second.database["keys"].count({}) == 2
        assert await texts(second) == EXPECTED


async def test_two_rotations_at_once_end_in_one_data_key(deployment: Deployment) -> None:
    key = a_key()
    async with deployment.process(key) as one, deployment.process(key) as other:
        await fill(one)
        await asyncio.gather(*(rotate(each, ENCRYPTED, remembered=AT_ONCE) for each in (one, other)))
        await rotate(one, ENCRYPTED, remembered=AT_ONCE)
        assert len({data_key_of(field) for field in await fields(one)}) == 1
        assert await texts(other) == EXPECTED


async def test_what_a_running_process_writes_meanwhile_is_neither_lost_nor_left_behind(
    deployment: Deployment,
) -> None:
    key = a_key()
    async with deployment.process(key) as rotating, deployment.process(key) as running:
        await fill(running)

        async def write_on() -> None:
            for number in range(PEOPLE):
                fresh = await running.cipher.encrypt(f"moved {number}")
                where = {"_id": f"person-{number:03}"}
                await running.database["people"].update(where, {"$set": {"home.address": fresh}})

        writing = asyncio.create_task(write_on())
        await rotate(rotating, ENCRYPTED, remembered=timedelta(seconds=1.5))
        assert writing.done()
        assert len({data_key_of(field) for field in await fields(running)}) == 1
        assert [text for text in await texts(running) if "moved" in text] == [f"moved {n}" for n in range(PEOPLE)]


async def test_a_field_that_was_tampered_with_is_counted_and_left(deployment: Deployment) -> None:
    async with deployment.process(a_key()) as service:
        await fill(service, 2)
        (row, _) = await service.database["people"].find({"nir": {"$exists": True}}, sort=("_id",))
        broken = Binary(bytes(row["nir"])[:-1] + bytes([bytes(row["nir"])[-1] ^ 1]), 6)
        await service.database["people"].update({"_id": row["_id"]}, {"$set": {"nir": broken}})
        with pytest.raises(Damaged):
            await service.cipher.decrypt(broken)
        assert await rotate(service, ENCRYPTED, remembered=AT_ONCE) == Rotated(data_keys=1, renewed=6, left=1)


async def test_a_database_from_before_local_keys_had_names_is_opened_and_rotated(deployment: Deployment) -> None:
    old, new = a_key(), a_key()
    async with deployment.process(old) as before:
        await make_unnamed(before)
        await fill(before, 2)
    async with deployment.process(new, old) as service:
        assert (await rotate(service, ENCRYPTED, remembered=AT_ONCE)).renewed == 7
    async with deployment.process(new) as after:
        await after.cipher.prepare()
        assert (await texts(after))[0] == f"{NIR}0"


async def make_unnamed(service: Service) -> None:
    """Let the first data key be wrapped by the provider `local`, as it once was."""
    await service.cipher.prepare()
    vault = service.cipher._vault
    await vault.rewrap_many_data_key({}, provider="local")
    (key,) = await service.database["keys"].find({})
    assert key["masterKey"] == {"provider": "local"}


async def test_the_command_says_in_one_line_what_it_did(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = a_key(), a_key()
    async with deployment.process(old) as before:
        await fill(before, 2)
    async with deployment.process(new) as without_the_old:
        assert await rotation.main(["rotate-keys"], without_the_old, ENCRYPTED, remembered=AT_ONCE) == 1
    assert "not configured" in capsys.readouterr().err
    async with deployment.process(new, old) as service:
        assert await rotation.main(["rotate-keys"], service, ENCRYPTED, remembered=AT_ONCE) == 0
    assert capsys.readouterr().out == "data keys wrapped: 1, fields renewed: 7, unreadable: 0\n"
    async with deployment.process(new) as unknown:
        assert await rotation.main(["rotate"], unknown, ENCRYPTED) == 2


async def test_a_stolen_dump_shows_no_field_and_no_master_key(deployment: Deployment) -> None:
    key = a_key()
    async with deployment.process(key) as service:
        await fill(service, 3)
        await rotate(service, ENCRYPTED, remembered=AT_ONCE)
        names = await service.database.raw.list_collection_names()
        rows = [row for name in names for row in await service.database[name].find({})]
    content = b"".join(encode(row, codec_options=CODEC) for row in rows)
    assert b"person-000" in content
    for secret in (NIR.encode(), b"rue 0", base64.b64decode(key), key.encode()):
        assert secret not in content
