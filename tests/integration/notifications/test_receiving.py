"""From the broker's record to the mailbox: decoded, taken once, written, sent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.inbox import Inbox, Outcome, Record
from chassis.outbox import Transaction
from contracts.channel import Channel
from contracts.envelope import Envelope, encode
from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    ClosureReason,
    CodeReset,
    CreationWay,
    DeviceChallenged,
    EmailChanged,
    EmailChangeRequested,
    NirCertified,
    ResetReason,
)
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from services.notifications.consumers import consumers
from services.notifications.handlers.contacts import CloseContact, close_contact
from services.notifications.handlers.ports import Store
from services.notifications.handlers.writing import Cause
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
            way=CreationWay.WEB_FORM,
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


async def test_a_challenge_and_a_reset_at_once_are_both_mailed(post: Post, sink: Sink) -> None:
    person, now = uuid4(), clock.now()
    await post.hear(post.account(person), 1)
    challenged = DeviceChallenged(
        person_id=person,
        code=post.parts.seal("161803"),
        code_expires_at=now + timedelta(minutes=10),
        channel=Channel.WEB,
        challenged_at=now,
    )
    await post.hear(challenged, 2)
    await post.office.send_all()
    codes = {line for each in sink.received for line in each.text.splitlines() if line.startswith("Votre code ")}
    assert codes == {f"Votre code provisoire : {CODE}", "Votre code de vérification : 161803"}


async def test_an_address_is_changed_in_two_steps_and_both_addresses_are_told_of_each(post: Post, sink: Sink) -> None:
    person, now = uuid4(), clock.now()
    await post.hear(post.account(person), 1)
    await post.office.send_all()
    sink.received.clear()
    wish = EmailChangeRequested(
        person_id=person,
        new_email=post.parts.seal("new@exemple.invalid"),
        token=post.parts.seal("opaque-token"),
        expires_at=now + timedelta(hours=1),
        requested_at=now,
    )
    await post.hear(wish, 2, times=2)
    assert "exemple.invalid" not in str(await post.parts.service.database["mails"].find({}))
    assert "opaque-token" not in str(await post.parts.service.database["mails"].find({}))
    await post.office.send_all()
    told = {each.to: each for each in sink.received}
    assert {to: str(each.message["Subject"]) for to, each in told.items()} == {
        "canary@exemple.invalid": "Un changement d’adresse e-mail a été demandé",
        "new@exemple.invalid": "Confirmez votre adresse e-mail",
    }
    to_a_stranger = told["new@exemple.invalid"]
    assert "https://compte.exemple.invalid/valider-mon-adresse#opaque-token" in to_a_stranger.text.splitlines()
    for form in (to_a_stranger.text, to_a_stranger.html):
        assert "ce-n-est-pas-moi" not in form
        assert "Lucie" not in form
    sink.received.clear()
    changed = EmailChanged(person_id=person, email=post.parts.seal("new@exemple.invalid"), changed_at=now)
    await post.hear(changed, 3)
    await post.office.send_all()
    assert sorted(each.to for each in sink.received) == ["canary@exemple.invalid", "new@exemple.invalid"]
    assert all("ce-n-est-pas-moi#" in each.text for each in sink.received)


async def test_what_is_sealed_to_others_is_told_of_and_stays_closed(post: Post, sink: Sink) -> None:
    person, sealer = uuid4(), post.parts.service.sealer
    await post.hear(post.account(person), 1)
    certified = NirCertified(
        person_id=person,
        old=sealer.seal("7850378006084", "procedures"),
        new=sealer.seal("1850378006048", "procedures"),
        certified_at=clock.now(),
    )
    assert await post.hear(certified, 2) == [Outcome.DONE]
    await post.office.send_all()
    [received] = [each for each in sink.received if "sécurité sociale" in str(each.message["Subject"])]
    assert "78006" not in received.text


async def test_the_last_mail_is_kept_with_the_forgetting_of_its_reader_or_neither_is(post: Post, sink: Sink) -> None:
    person, database = uuid4(), post.parts.service.database
    await post.hear(post.account(person), 1)
    await post.office.send_all()
    sink.received.clear()
    closed = AccountClosed(
        person_id=person,
        reason=ClosureReason.ASKED,
        closed_at=clock.now(),
        channel=Channel.APP,
        email=post.parts.seal("canary@exemple.invalid"),
    )

    async def killed(command: CloseContact, store: Store) -> None:
        await close_contact(command, store)
        raise RuntimeError

    cause = Cause(str(uuid4()), person, 2, clock.now(), clock.now())
    with pytest.raises(RuntimeError):
        await post.parts.work(killed, CloseContact(cause, clock.now(), Channel.APP, closed.email))
    [known] = await database["contacts"].find({})
    assert "email" in known
    assert await database["mails"].count({}) == 1

    assert await post.hear(closed, 2, times=2) == [Outcome.DONE, Outcome.SKIPPED]
    [forgotten] = await database["contacts"].find({})
    assert (forgotten["first_name"], forgotten.get("email")) == ("", None)
    assert "canary" not in str(await database["mails"].find({}))
    await post.office.send_all()
    [received] = sink.received
    assert (received.to, str(received.message["Subject"])) == ("canary@exemple.invalid", "Votre compte est fermé")
    for form in (received.text, received.html):
        assert "fermé depuis l’application" in form
        assert "https://compte.exemple.invalid/creer-mon-compte" in form
        assert "36 46" in form
        assert "ce-n-est-pas-moi" not in form
