"""For which events a person gets which mail."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.channel import Channel
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    AccountCreationAttempted,
    AccountFrozen,
    AccountReopened,
    AttemptReason,
    ClosureReason,
    CodeChosen,
    CodeReset,
    CreationWay,
    DeviceChallenged,
    EmailChanged,
    EmailChangeRequested,
    FranceConnectLinked,
    LoggedIn,
    LogIn,
    LogInBlocked,
    LogInWay,
    NameChanged,
    NirCertified,
    PasskeyAdded,
    PasskeyRemoved,
    ResetReason,
    SessionRevoked,
)
from contracts.notifications import EmailKind
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from services.notifications.consumers import consumers
from services.notifications.domain.contacts import Addressee, Contact, addressee
from services.notifications.domain.mails import Series, State, second_id
from services.notifications.domain.reasons import AccountOpened, CreationTried
from tests.unit.notifications.builders import CODE_LIFE, NOW, sealed
from tests.unit.notifications.fakes import FakeStore

PERSON = uuid4()
CODE: dict[str, Any] = {"provisional_code": sealed("12345678"), "code_expires_at": NOW + CODE_LIFE}
ACCOUNT: dict[str, Any] = {
    "person_id": PERSON,
    "last_name": "EXEMPLE",
    "first_name": "Lucie",
    "birth_date": NOW.date(),
    "caisse": "29",
    "created_at": NOW,
}
CREATED = AccountCreated(way=CreationWay.WEB_FORM, email=sealed("lucie@exemple.invalid"), **CODE, **ACCOUNT)
CREATED_WITHOUT_ADDRESS = AccountCreated(
    way=CreationWay.FRANCECONNECT, email=None, provisional_code=None, code_expires_at=None, **ACCOUNT
)
CHALLENGED = DeviceChallenged(
    person_id=PERSON,
    code=sealed("123456"),
    code_expires_at=NOW + CODE_LIFE,
    channel=Channel.WEB,
    challenged_at=NOW,
)
WISHED: dict[str, Any] = {"person_id": PERSON, "expires_at": NOW + CODE_LIFE, "requested_at": NOW}
CHANGED = EmailChanged(person_id=PERSON, email=sealed("new@exemple.invalid"), changed_at=NOW)
NEVER_OPENED = AccountClosed(person_id=PERSON, reason=ClosureReason.NEVER_OPENED, closed_at=NOW)
UNREAD = AccountClosed(person_id=PERSON, reason=ClosureReason.ASKED, closed_at=NOW, channel=Channel.WEB)
CLOSED = UNREAD.model_copy(update={"email": sealed("lucie@exemple.invalid")})
RENAMED = NameChanged(person_id=PERSON, first_name="Lucie", last_name="FICTIVE", changed_at=NOW)
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


def logged_in(way: LogInWay, *, new_device: bool) -> LoggedIn:
    """A log-in."""
    log_in = LogIn(at=NOW, channel=Channel.APP, way=way)
    return LoggedIn(
        person_id=PERSON,
        session_id=uuid4(),
        current=log_in,
        previous=None,
        failed_attempts_since=0,
        new_device=new_device,
    )


MAILS: dict[Event, tuple[EmailKind, ...]] = {
    CREATED: (EmailKind.ACCOUNT_CREATED,),
    CodeReset(person_id=PERSON, reason=ResetReason.FORGOTTEN, **CODE): (EmailKind.CODE_RESET,),
    CodeChosen(person_id=PERSON, chosen_at=NOW, channel=Channel.WEB): (EmailKind.CODE_CHOSEN,),
    AccountCreationAttempted(person_id=PERSON, reason=AttemptReason.EMAIL_TAKEN, attempted_at=NOW): (
        EmailKind.CREATION_ATTEMPTED,
    ),
    CHALLENGED: (EmailKind.LOG_IN_CODE,),
    LogInBlocked(person_id=PERSON, failed_attempts=50, until=None, blocked_at=NOW): (EmailKind.LOG_IN_BLOCKED,),
    logged_in(LogInWay.PASSKEY, new_device=True): (EmailKind.NEW_DEVICE,),
    SessionRevoked(person_id=PERSON, session_ids=(PERSON,), revoked_at=NOW, copied=True): (EmailKind.SESSION_COPIED,),
    EmailChangeRequested(new_email=sealed("new@exemple.invalid"), token=sealed("token"), **WISHED): (
        EmailKind.EMAIL_CHANGE_REQUESTED,
        EmailKind.EMAIL_VALIDATION,
    ),
    CHANGED: (EmailKind.EMAIL_CHANGED, EmailKind.EMAIL_CHANGED),
    AccountFrozen(person_id=PERSON, frozen_at=NOW): (EmailKind.ACCOUNT_FROZEN,),
    AccountReopened(person_id=PERSON, reopened_at=NOW, way=LogInWay.FRANCECONNECT): (EmailKind.ACCOUNT_REOPENED,),
    FranceConnectLinked(person_id=PERSON, linked_at=NOW): (EmailKind.FRANCECONNECT_LINKED,),
    PasskeyAdded(person_id=PERSON, added_at=NOW, channel=Channel.WEB): (EmailKind.PASSKEY_ADDED,),
    PasskeyRemoved(person_id=PERSON, removed_at=NOW, channel=Channel.WEB): (EmailKind.PASSKEY_REMOVED,),
    NirCertified(person_id=PERSON, old=sealed("1"), new=sealed("2"), certified_at=NOW): (EmailKind.NIR_CERTIFIED,),
    CLOSED: (EmailKind.ACCOUNT_CLOSED,),
    ORDERED: (EmailKind.CARD_ORDERED,),
}
NO_MAIL: dict[str, Event] = {
    "never opened": NEVER_OPENED,
    "nobody proved to read the address": UNREAD,
    "without address": CREATED_WITHOUT_ADDRESS,
    "ended by the person": SessionRevoked(person_id=PERSON, session_ids=(PERSON,), revoked_at=NOW),
    "known device": logged_in(LogInWay.FRANCECONNECT, new_device=False),
    "the code was mailed": logged_in(LogInWay.CODE, new_device=True),
}


async def hear(store: FakeStore, event: Event, sequence: int = 1) -> str:
    """Let the event take effect; its id."""
    envelope = Envelope(str(uuid4()), event.type, "/compte/test", "x", str(event.person_id), NOW, {}, sequence)
    known = consumers.reaction(event.type)
    assert known is not None
    await known[1](envelope, event, store)
    return envelope.id


async def a_store() -> FakeStore:
    """A store that knows Lucie."""
    store = FakeStore()
    await store.remember(PERSON, Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid", 1, 1))
    return store


def test_every_reason_has_its_event_and_every_event_its_reason() -> None:
    assert {kind for kinds in MAILS.values() for kind in kinds} == set(EmailKind)
    assert {event.type for event in (*MAILS, RENAMED)} == set(consumers.reactions)
    assert consumers.topics == ["identity.events", "procedures.events"]


@pytest.mark.parametrize(("event", "kinds"), MAILS.items(), ids=lambda each: getattr(each, "type", str(each)))
async def test_an_event_writes_its_mails_whose_ids_follow_from_its_own(
    event: Event, kinds: tuple[EmailKind, ...]
) -> None:
    store = await a_store()
    event_id = await hear(store, event, sequence=2)
    ids = [event_id, second_id(event_id)][: len(kinds)]
    assert [(mail.id, mail.about.kind, mail.person_id) for mail in store.mails.values()] == [
        (mail_id, kind, PERSON) for mail_id, kind in zip(ids, kinds, strict=True)
    ]


@pytest.mark.parametrize("event", NO_MAIL.values(), ids=NO_MAIL)
async def test_what_needs_no_mail_writes_none(event: Event) -> None:
    store = await a_store()
    await hear(store, event, sequence=2)
    assert not store.mails


async def test_a_code_keeps_its_seal_its_place_in_the_order_and_its_times() -> None:
    for event, series in ((CREATED, Series.PROVISIONAL), (CHALLENGED, Series.VERIFICATION)):
        store = FakeStore()
        await hear(store, event, sequence=7)
        [mail] = store.mails.values()
        assert mail.code is not None
        assert mail.code.sealed == (event.code if isinstance(event, DeviceChallenged) else event.provisional_code)
        assert (mail.code.number, mail.code.issued_at, mail.code.expires_at) == (7, NOW, NOW + CODE_LIFE)
        assert mail.code.series is series


async def test_a_wish_that_cannot_be_had_is_told_to_the_present_address_alone() -> None:
    store = await a_store()
    await hear(store, EmailChangeRequested(new_email=None, token=None, **WISHED), sequence=2)
    [mail] = store.mails.values()
    assert (mail.about.kind, mail.to) == (EmailKind.EMAIL_CHANGE_REQUESTED, "lucie@exemple.invalid")


async def test_an_account_makes_its_name_known_and_its_address_now_or_later() -> None:
    store = FakeStore()
    await hear(store, CREATED_WITHOUT_ADDRESS)
    assert store.contacts[PERSON] == Contact("Lucie", "EXEMPLE", None, 1, 1)
    await hear(store, CHANGED, sequence=2)
    assert store.contacts[PERSON] == Contact("Lucie", "EXEMPLE", "new@exemple.invalid", 1, 2, NOW)
    assert [mail.to for mail in store.mails.values()] == ["new@exemple.invalid"]
    await hear(store, CLOSED, sequence=3)
    assert store.contacts[PERSON] == Contact(named_by=3, located_by=3)


async def test_a_new_name_is_used_in_every_later_mail_and_writes_none() -> None:
    store = await a_store()
    mails = dict(store.mails)
    await hear(store, RENAMED, sequence=3)
    assert store.mails == mails
    assert store.contacts[PERSON] == Contact("Lucie", "FICTIVE", "lucie@exemple.invalid", 3, 1)
    await hear(store, CREATED, sequence=2)
    assert store.contacts[PERSON].last_name == "FICTIVE"
    event_id = await hear(store, ORDERED)
    found = addressee(store.mails[event_id], store.contacts[PERSON])
    assert found is not None
    assert found.last_name == "FICTIVE"


async def test_an_account_that_starts_over_is_written_to_at_its_newest_address_alone() -> None:
    store = FakeStore()
    first = await hear(store, CREATED)
    again = CREATED.model_copy(update={"email": sealed("right@exemple.invalid"), "address_freed": True})
    second = await hear(store, again, sequence=2)
    assert store.contacts[PERSON] == Contact("Lucie", "EXEMPLE", "right@exemple.invalid", 2, 2, NOW)
    assert [store.mails[each].state for each in (first, second)] == [State.SUPERSEDED, State.CREATED]
    assert store.mails[second].about == AccountOpened(address_freed=True)


async def test_whoever_waits_for_an_address_is_told_when_it_is_free() -> None:
    store = await a_store()
    asked = {"person_id": PERSON, "reason": AttemptReason.EMAIL_TAKEN, "attempted_at": NOW}
    event_id = await hear(store, AccountCreationAttempted(**asked, address_free_at=NOW + CODE_LIFE), sequence=2)
    assert store.mails[event_id].about == CreationTried(AttemptReason.EMAIL_TAKEN, NOW, NOW + CODE_LIFE)


async def test_an_address_that_a_thief_may_read_is_written_to_no_more_until_there_is_another() -> None:
    store = await a_store()
    waiting = await hear(store, AccountFrozen(person_id=PERSON, frozen_at=NOW), sequence=2)
    reopened = AccountReopened(person_id=PERSON, reopened_at=NOW, way=LogInWay.FRANCECONNECT, address_dropped=True)
    await hear(store, reopened, sequence=3)
    assert store.contacts[PERSON] == Contact("Lucie", "EXEMPLE", None, 1, 3)
    assert list(store.mails) == [waiting]
    assert addressee(store.mails[waiting], store.contacts[PERSON]) is None
    await hear(store, CHANGED, sequence=4)
    found = addressee(store.mails[waiting], store.contacts[PERSON])
    assert found is not None
    assert found.email == "new@exemple.invalid"


WITHOUT_ADDRESS = [event for event in MAILS if event not in (CREATED, CHANGED)]


@pytest.mark.parametrize("event", WITHOUT_ADDRESS, ids=lambda each: each.type)
async def test_a_person_without_address_gets_no_mail_but_the_one_that_validates_an_address(event: Event) -> None:
    store = FakeStore()
    await hear(store, CREATED_WITHOUT_ADDRESS)
    await hear(store, event, sequence=2)
    kinds = {mail.about.kind for mail in store.mails.values()}
    allowed = {
        EmailChangeRequested: {EmailKind.EMAIL_VALIDATION},
        CardOrdered: {EmailKind.CARD_ORDERED},
        AccountClosed: {EmailKind.ACCOUNT_CLOSED},
    }
    assert kinds == allowed.get(type(event), set())


@pytest.mark.parametrize("created", [CREATED, CREATED_WITHOUT_ADDRESS], ids=["address", "none"])
async def test_a_mail_whose_event_overtook_the_account_is_written_and_waits(created: AccountCreated) -> None:
    store = FakeStore()
    seen = await hear(store, logged_in(LogInWay.FRANCECONNECT, new_device=True), sequence=2)
    ordered = await hear(store, ORDERED)
    await hear(store, created)
    for mail_id in (seen, ordered):
        found = addressee(store.mails[mail_id], store.contacts[PERSON])
        assert (found.email if found else None) == ("lucie@exemple.invalid" if created is CREATED else None)


async def test_the_last_mail_goes_to_the_address_that_was_validated_which_is_forgotten_at_once() -> None:
    store = await a_store()
    event_id = await hear(store, CLOSED, sequence=2)
    assert store.contacts[PERSON] == Contact(named_by=2, located_by=2)
    assert addressee(store.mails[event_id], store.contacts[PERSON]) == Addressee("", "", "lucie@exemple.invalid")


async def test_who_closed_an_account_and_came_back_is_told_of_the_first_at_its_address_in_either_order() -> None:
    comes_back = CREATED.model_copy(update={"email": sealed("new@exemple.invalid")})
    for news in (((CLOSED, 2), (comes_back, 3)), ((comes_back, 3), (CLOSED, 2))):
        store = await a_store()
        for event, sequence in news:
            await hear(store, event, sequence)
        assert store.contacts[PERSON] == Contact("Lucie", "EXEMPLE", "new@exemple.invalid", 3, 3, NOW)
        found = {each.about.kind: addressee(each, store.contacts[PERSON]) for each in store.mails.values()}
        assert {kind: each and each.email for kind, each in found.items()} == {
            EmailKind.ACCOUNT_CLOSED: "lucie@exemple.invalid",
            EmailKind.ACCOUNT_CREATED: "new@exemple.invalid",
        }
        assert all(each.state is State.CREATED for each in store.mails.values())
