"""Data keys wrapped by a key service (AWS KMS, played over TLS), on a real database."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.encryption import KeyOutOfReach
from chassis.rotation import Rotated, rotate
from chassis.service import Service
from tests.infra import service_settings
from tests.integration.chassis.fake_kms import FakeKms, fake_kms

CREDENTIALS = json.dumps({"aws": {"accessKeyId": "test", "secretAccessKey": "test"}})
AT_ONCE = timedelta(0)
PEOPLE = {"people": ("nir",)}
Process = Callable[..., Any]


@pytest.fixture
async def kms(folder: Path) -> AsyncIterator[tuple[FakeKms, dict[str, Any]]]:
    """The service, and the settings that lead to it."""
    async with fake_kms(folder) as (service, endpoint, authority):
        yield (
            service,
            {
                "kms_provider": CREDENTIALS,
                "kms_key": {"region": "eu-west-3", "key": "arn:aws:kms:eu-west-3:1:key/one", "endpoint": endpoint},
                "kms_tls": {"tlsCAFile": authority},
            },
        )


@pytest.fixture
def process(mongodb_url: str) -> Process:
    """Opens one database with these settings."""
    database = f"kms-{uuid4().hex[:10]}"

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Service]:
        known = {"database": database, "field_key": None, **settings}
        service = Service("identity", service_settings("identity", mongodb_url, **known))
        try:
            yield service
        finally:
            await service.database.close()

    return opened


async def store(service: Service) -> None:
    await service.cipher.prepare()
    await service.database["people"].insert({"_id": "one", "nir": await service.cipher.encrypt("secret")})


async def read(service: Service) -> str:
    row = await service.database["people"].find_one({"_id": "one"})
    assert row is not None
    return await service.cipher.decrypt(row["nir"])


async def test_data_keys_are_wrapped_by_the_key_service_and_opened_by_it(
    process: Process, kms: tuple[FakeKms, dict[str, Any]]
) -> None:
    service, settings = kms
    async with process(**settings) as first:
        await store(first)
        (key,) = await first.database["keys"].find({})
        assert key["masterKey"]["provider"] == "aws"
    async with process(**settings) as second:
        await second.cipher.prepare()
        service.calls.clear()
        assert await read(second) == "secret"
        assert service.calls == []  # once a minute and process, not once a field


async def test_local_keys_move_to_the_key_service_and_from_one_of_its_keys_to_another(
    process: Process, kms: tuple[FakeKms, dict[str, Any]]
) -> None:
    _, settings = kms
    local = base64.b64encode(secrets.token_bytes(96)).decode()
    async with process(field_key=local) as before:
        await store(before)
    async with process(field_key=local, **settings) as moving:
        assert await rotate(moving, PEOPLE, remembered=AT_ONCE) == Rotated(1, 1)
    other = {**settings["kms_key"], "key": "arn:aws:kms:eu-west-3:1:key/two"}
    async with process(**{**settings, "kms_key": other}) as after:
        assert await rotate(after, PEOPLE, remembered=AT_ONCE) == Rotated(2, 1)
        assert await read(after) == "secret"
        assert {row["masterKey"]["key"] for row in await after.database["keys"].find({})} == {other["key"]}


async def test_a_key_service_that_refuses_or_is_away_is_waited_for(
    process: Process, kms: tuple[FakeKms, dict[str, Any]]
) -> None:
    service, settings = kms
    async with process(**settings) as first:
        await store(first)
    async with process(**settings) as second:
        service.refuses = True
        with pytest.raises(KeyOutOfReach) as refused:
            await second.cipher.prepare()
        assert "AccessDenied" not in str(refused.value)
        service.refuses = False
        assert await read(second) == "secret"
    away = {**settings["kms_key"], "endpoint": "127.0.0.1:1"}
    async with process(**{**settings, "kms_key": away, "database": f"kms-{uuid4().hex[:10]}"}) as third:
        with pytest.raises(KeyOutOfReach):
            await third.cipher.prepare()


async def test_a_key_service_nobody_vouches_for_is_not_believed(
    process: Process, kms: tuple[FakeKms, dict[str, Any]]
) -> None:
    service, settings = kms
    async with process(**{**settings, "kms_tls": {}}) as trusting:
        with pytest.raises(KeyOutOfReach):
            await trusting.cipher.prepare()
    assert service.calls == []
