"""The embedded broker and the identity provider do what the services count on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from chassis.ids import new_token
from deploy.demo import people
from deploy.embedded import idp
from deploy.embedded import stack as stacks
from deploy.embedded.france_connect.registered import client_of
from deploy.embedded.stack import Stack
from services.identity.domain.franceconnect import FranceConnectRefused, Identified
from services.identity.franceconnect import FranceConnect, Registration


async def cluster_id(address: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def test_a_broker_that_lost_its_memory_says_so_by_another_cluster_id(data: Path, stack: Stack) -> None:
    before = await cluster_id(stack.kafka)
    assert await cluster_id(stack.kafka) == before
    was = stacks.kill(data, "broker")
    await stacks.restarted(data, "broker", was)
    assert await cluster_id(stack.kafka) != before


async def test_a_topic_is_made_with_the_partitions_asked_for(stack: Stack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all", enable_idempotence=False)
    await admin.start()
    await admin.create_topics([NewTopic("essai.events", 3, 1)])
    await producer.start()
    try:
        sent = await producer.send_and_wait("essai.events", b"{}", key=b"p", headers=[("ce_type", b"t")])
        assert sent.offset == 0
        assert await producer.partitions_for("essai.events") == {0, 1, 2}
    finally:
        await producer.stop()
        await admin.close()


ANNA = {
    "sub": "anna",
    "given_name": "Anna",
    "family_name": "ESSAI",
    "birthdate": "1990-00-00",
    "gender": "female",
    "birthplace": "29019",
    "birthcountry": "99100",
}
BACK = "http://127.0.0.1/retour"


async def test_a_person_the_provider_was_told_of_signs_in_also_after_a_restart(
    data: Path, stack: Stack, http: aiohttp.ClientSession
) -> None:
    await idp.remember(data, stack.idp, ANNA)
    was = stacks.kill(data, "idp")
    await stacks.restarted(data, "idp", was)
    async with service_provider(data, stack) as service:
        anna = await sign_in(http, service, "anna")
        assert (anna.sub, anna.pivot.family_name, anna.idp) == ("anna", "ESSAI", "impots.gouv")
        assert (await sign_in(http, service, people.subject("P8"))).pivot.given_names == ("Enzo",)


async def test_a_test_can_spoil_the_provider_and_mend_it(data: Path, stack: Stack, http: aiohttp.ClientSession) -> None:
    async with service_provider(data, stack) as service:
        await idp.fault(http, stack.idp, "id-token/alg-none")
        with pytest.raises(FranceConnectRefused):
            await sign_in(http, service, people.subject("P1"))
        await idp.fault(http, stack.idp, None)
        assert (await sign_in(http, service, people.subject("P1"))).idp == "impots.gouv"
        known = await (await http.get(f"{stack.idp}/faults")).json()
        assert known["name"] is None
        assert "slow" in known["names"]
        assert (await http.put(f"{stack.idp}/faults", json={"name": "inconnu"})).status == 400


async def test_the_provider_goes_on_with_its_key_after_a_restart_until_it_is_rotated(
    data: Path, stack: Stack, http: aiohttp.ClientSession
) -> None:
    keys = await (await http.get(f"{stack.idp}/api/v2/jwks")).json()
    was = stacks.kill(data, "idp")
    await stacks.restarted(data, "idp", was)
    assert await (await http.get(f"{stack.idp}/api/v2/jwks")).json() == keys
    await http.post(f"{stack.idp}/keys", json={"alg": "RS256", "keep": True})
    rotated = await (await http.get(f"{stack.idp}/api/v2/jwks")).json()
    assert [*keys["keys"]] == rotated["keys"][:-1]
    assert rotated["keys"][-1]["kty"] == "RSA"


@asynccontextmanager
async def service_provider(data: Path, stack: Stack) -> AsyncIterator[FranceConnect]:
    client = client_of(data)
    service = FranceConnect(Registration(stack.idp, client.id, SecretStr(client.secret), BACK, BACK))
    yield service
    await service.close()


async def sign_in(http: aiohttp.ClientSession, service: FranceConnect, subject: str) -> Identified:
    verifier, nonce = new_token(), new_token()
    brought = await idp.sign_in(http, await service.begin(new_token(), nonce, verifier), subject)
    return await service.finish(dict(parse_qsl(urlsplit(brought).query))["code"], verifier, nonce)
