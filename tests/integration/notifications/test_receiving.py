"""From the broker's record to the mailbox: decoded, taken once, written, sent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.inbox import Inbox, Outcome, Record
from chassis.outbox import Transaction
from contracts.envelope import Envelope, encode
from contracts.event import Event
from contracts.identity import AccountCreated, CodeReset, ResetReason
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from services.notifications.consumers import consumers
from services.notifications.store import MongoStore
from tests.infra import fresh_service
from tests.integration.notifications.parts import Parts, prepared
from tests.integration.notifications.sink import Sink
from tests.integration.notifications.test_sending import Office

CODE = "48151623"


class Post:
    """What identity and procedures publish arrives here."""

    def __init__(self, parts: Parts, office: Office) -> None:
        self.parts, self.office = parts, office
        service = parts.service

        def store(transaction: Transaction) -> MongoStore:
            return MongoStore(transaction, service.cipher, service.sealer.open)

        self._inbox = Inbox(consumers, parts.work, store, service.cipher)

    async def hear(self, event: Event, sequence: int, times: int = 1) -> list[Outcome]:
        source = f"/compte/{event.topic.partition('.')[0]}"
        data, key = event.model_dump(mode="json"), str(event.person_id)
        envelope = Envelope(str(uuid4()), event.type, source, "x", key, clock.now(), data, sequence)
        record = Record(event.topic, 0, sequence, key, encode(envelope))
        return [await self._inbox.receive(record) for _ in range(times)]

    def account(self, person: UUID) -> AccountCreated:
        now = clock.now()
        return AccountCreated(
            person_id=person,
            last_name="EXEMPLE",
            first_name="Lucie",
            birth_date=now.date(),
            caisse="29",
            email=self.parts.seal("canary@exemple.invalid"),
            provisional_code=self.parts.seal(CODE),
            code_expires_at=now + timedelta(hours=24),
            created_at=now,
        )


@pytest.fixture
async def post(mongodb_url: str, sink: Sink) -> AsyncIterator[Post]:
    async for service in fresh_service("notifications", mongodb_url):
        parts = await prepared(service)
        yield Post(parts, Office(parts, sink))


async def test_an_event_delivered_three_times_is_one_mail_and_leaves_nothing_in_clear(post: Post, sink: Sink) -> None:
    outcomes = await post.hear(post.account(uuid4()), 1, times=3)
    assert outcomes == [Outcome.DONE, Outcome.SKIPPED, Outcome.SKIPPED]
    await post.office.send_all()
    [received] = sink.received
    assert received.to == "canary@exemple.invalid"
    assert f"Votre code provisoire : {CODE}" in received.text.splitlines()
    assert "(24\xa0heures après la demande)" in received.text
    database = post.parts.service.database
    for name in ("mails", "contacts", "inbox", "outbox"):
        rows = str(await database[name].find({}))
        assert CODE not in rows
        assert "canary" not in rows


async def test_a_card_order_heard_before_the_account_waits_for_the_address(post: Post, sink: Sink) -> None:
    person, today = uuid4(), clock.today()
    ordered = CardOrdered(
        person_id=person,
        request_id=uuid4(),
        tracking_number="CV-1",
        kind=RequestKind.VITALE_CARD_ORDER,
        state=RequestState.PIECES_AWAITED,
        next_actor=Actor.INSURED,
        ordered_on=today,
        expected_on=today + timedelta(days=14),
    )
    await post.hear(ordered, 1)
    await post.office.send_all()
    assert not sink.received
    await post.hear(post.account(person), 1)
    await post.office.send_all()
    assert {str(each.message["Subject"]) for each in sink.received} == {
        "Votre compte est créé : votre code provisoire",
        "Votre commande de carte Vitale est enregistrée",
    }


async def test_of_two_codes_only_the_newer_is_mailed(post: Post, sink: Sink) -> None:
    person = uuid4()
    await post.hear(post.account(person), 1)
    newer = CodeReset(
        person_id=person,
        reason=ResetReason.UNUSED,
        provisional_code=post.parts.seal("16234815"),
        code_expires_at=clock.now() + timedelta(minutes=10),
    )
    await post.hear(newer, 2)
    await post.office.send_all()
    [received] = sink.received
    assert "Votre code provisoire : 16234815" in received.text.splitlines()
