"""The embedded broker and the identity provider do what the services count on."""

from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded import idp
from deploy.embedded import stack as stacks
from deploy.embedded.stack import Stack


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


async def test_a_person_the_provider_was_told_of_signs_in_also_after_a_restart(
    data: Path, stack: Stack, http: aiohttp.ClientSession
) -> None:
    await idp.remember(data, stack.idp, {"sub": "anna", "given_name": "Anna"})
    was = stacks.kill(data, "idp")
    await stacks.restarted(data, "idp", was)
    assert await sign_in(http, stack.idp, "anna") == {"sub": "anna", "given_name": "Anna"}


async def sign_in(http: aiohttp.ClientSession, provider: str, subject: str) -> dict[str, str]:
    known = await (await http.get(f"{provider}/.well-known/openid-configuration")).json()
    back = "http://127.0.0.1/retour"
    asked = {"client_id": "c", "redirect_uri": back, "response_type": "code", "scope": "openid profile", "state": "s"}
    answered = await http.post(
        known["authorization_endpoint"], params=asked, data={"sub": subject}, allow_redirects=False
    )
    code = answered.headers["Location"].partition("code=")[2].partition("&")[0]
    exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    exchange |= {"client_id": "c", "client_secret": "s"}
    tokens = await (await http.post(known["token_endpoint"], data=exchange)).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    person: dict[str, str] = await (await http.get(known["userinfo_endpoint"], headers=bearer)).json()
    return person
