"""A22: somebody who can write to the broker writes what only others may say.

That a broker with access lists refuses it is tested with Apache Kafka (tests/integration/test_apache_kafka.py).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from chassis.clock import now
from contracts.envelope import Envelope, encode
from deploy.demo.people import settlements
from deploy.demo.upstream import settlement
from tests.abuse.figures import say
from tests.abuse.owners import Owner, owners, people
from tests.abuse.places import documents, everywhere, found, quiet
from tests.infra import until
from tests.world import World

TOPIC, INBOUND = "identity.events", "payments.inbound"
READERS = 2  # notifications and the gateway at least read all that identity says


async def test_a_forged_event_is_a_dead_letter_without_effect_and_is_repeated_nowhere(world: World) -> None:
    [nobody] = people(1)
    async with owners(world, 1) as [owner]:
        await quiet(world)
        before, mails = await state(world, owner), len(await owner.browser.mailbox.mails(owner.browser.email))
        events = forged(owner.person.person_id, nobody.nir)
        care = replace(settlement(settlements("P1", owner.person.person_id)[0]), source="/compte/identity")
        letters = await dead(world)
        async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka) as producer:
            for envelope in events.values():
                await producer.send_and_wait(TOPIC, encode(envelope), key=envelope.key.encode())
            await producer.send_and_wait(TOPIC, encode(events["another source"]), key=nobody.nir.encode())
            await producer.send_and_wait(INBOUND, encode(care), key=care.key.encode())
        forgeries = len(events) + 1

        async def all_dead() -> bool:
            many = await dead(world)
            return many[TOPIC] - letters[TOPIC] >= READERS * forgeries and many[INBOUND] > letters[INBOUND]

        await until(all_dead, "a dead letter of each reader for each forged event", within=60)
        await quiet(world)
        assert await state(world, owner) == before
        assert len(await owner.browser.mailbox.mails(owner.browser.email)) == mails
        (await owner.browser.first_code(owner.nir, owner.code)).expect(200)
    places = {name: content for name, content in (await everywhere(world)).items() if name != f"topic {TOPIC}"}
    ids = {f"id of {name}": each.id for name, each in events.items() if each.id != nobody.nir}
    hits = found(
        {"nir": nobody.nir, **ids}, {name: each for name, each in places.items() if name != f"topic {INBOUND}"}
    )
    say("A22", f"{forgeries + 1} forged events, {len(hits)} traces of them in {len(places)} places")
    assert not hits


def forged(person_id: str, nir: str) -> Mapping[str, Envelope]:
    """Events that would close, move or rename somebody's account, if anybody believed them."""
    frozen = {"person_id": person_id, "frozen_at": now().isoformat()}
    true = Envelope(str(uuid4()), "identity.AccountFrozen.v1", "/compte/identity", person_id, person_id, now(), frozen)
    chosen = {"person_id": person_id, "chosen_at": now().isoformat(), "channel": "web"}

    def another(**change: Any) -> Envelope:
        return replace(true, **{"id": str(uuid4()), **change})

    return {
        "another source": another(source="/compte/payments"),
        "another service's event": another(type="payments.ReimbursementPaid.v1", source="/compte/payments"),
        "a code was chosen": another(type="identity.CodeChosen.v1", source="/caisse", data=chosen),
        "a number as id": another(id=nir),
        "a number as subject": another(subject=nir),
        "a number as key": another(key=nir),
        "a number as person": another(key=nir, data={**frozen, "person_id": nir}),
        "a number as type": another(type=f"identity.AccountFrozen{nir}.v1"),
        "somebody else's data": another(data={**frozen, "person_id": str(uuid4())}),
    }


async def state(world: World, owner: Owner) -> object:
    """All that the forged events are about."""
    mine = owner.person.person_id
    account = [each for each in documents(world, "identity")["accounts"] if each["_id"] == mine]
    payments = [rows for name, rows in documents(world, "payments").items() if name not in {"inbox", "outbox"}]
    home = await owner.browser.home()
    return account, [each for rows in payments for each in rows if mine in str(each)], json.dumps(home, sort_keys=True)


async def dead(world: World) -> dict[str, int]:
    """How many dead letters there are of each topic."""
    topics = await world.topics()
    return {name: len(topics.get(f"{name}.dead", [])) for name in (TOPIC, INBOUND)}
