"""For which events a person gets which mail."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import (
    AccountCreated,
    AccountCreationAttempted,
    AttemptReason,
    Channel,
    CodeChosen,
    CodeReset,
    ResetReason,
)
from contracts.notifications import EmailKind
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from services.notifications.consumers import consumers
from tests.unit.notifications.builders import CODE_LIFE, NOW, sealed
from tests.unit.notifications.fakes import FakeStore

PERSON = uuid4()
CODE: dict[str, Any] = {"provisional_code": sealed("12345678"), "code_expires_at": NOW + CODE_LIFE}
CREATED = AccountCreated(
    person_id=PERSON,
    last_name="EXEMPLE",
    first_name="Lucie",
    birth_date=NOW.date(),
    caisse="29",
    email=sealed("lucie@exemple.invalid"),
    created_at=NOW,
    **CODE,
)
ORDERED = CardOrdered(
    person_id=PERSON,
    request_id=uuid4(),
    tracking_number="CV-1",
    kind=RequestKind.VITALE_CARD_ORDER,
    state=RequestState.PIECES_AWAITED,
    next_actor=Actor.INSURED,
    ordered_on=NOW.date(),
    expected_on=NOW.date(),
)
MAILS: dict[Event, EmailKind] = {
    CREATED: EmailKind.ACCOUNT_CREATED,
    CodeReset(person_id=PERSON, reason=ResetReason.FORGOTTEN, **CODE): EmailKind.CODE_RESET,
    CodeChosen(person_id=PERSON, chosen_at=NOW, channel=Channel.WEB): EmailKind.CODE_CHOSEN,
    AccountCreationAttempted(
        person_id=PERSON, reason=AttemptReason.EMAIL_TAKEN, attempted_at=NOW
    ): EmailKind.CREATION_ATTEMPTED,
    ORDERED: EmailKind.CARD_ORDERED,
}


async def hear(store: FakeStore, event: Event, sequence: int = 1) -> str:
    """Let the event take effect; its id."""
    envelope = Envelope(str(uuid4()), event.type, "/compte/test", "x", str(event.person_id), NOW, {}, sequence)
    known = consumers.reaction(event.type)
    assert known is not None
    await known[1](envelope, event, store)
    return envelope.id


def test_every_reason_has_its_event_and_every_event_its_reason() -> None:
    assert set(MAILS.values()) == set(EmailKind)
    assert {event.type for event in MAILS} == set(consumers.reactions)
    assert consumers.topics == ["identity.events", "procedures.events"]


@pytest.mark.parametrize(("event", "kind"), MAILS.items(), ids=lambda each: getattr(each, "type", str(each)))
async def test_an_event_writes_one_mail_that_takes_its_id(event: Event, kind: EmailKind) -> None:
    store = FakeStore()
    event_id = await hear(store, event)
    [mail] = store.mails.values()
    assert (mail.id, mail.about.kind, mail.person_id) == (event_id, kind, PERSON)


async def test_a_code_keeps_its_seal_its_place_in_the_order_and_its_times() -> None:
    store = FakeStore()
    await hear(store, CREATED, sequence=7)
    [mail] = store.mails.values()
    assert mail.code is not None
    assert mail.code.sealed == CODE["provisional_code"]
    assert (mail.code.number, mail.code.issued_at, mail.code.expires_at) == (7, NOW, NOW + CODE_LIFE)


async def test_an_account_makes_its_address_known() -> None:
    store = FakeStore()
    await hear(store, CREATED)
    assert store.contacts[PERSON].email == "lucie@exemple.invalid"
