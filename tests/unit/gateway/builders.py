"""Events and people of the gateway's tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.channel import Channel
from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    AccountFrozen,
    AccountReopened,
    CaisseChanged,
    ClosureReason,
    CodeChosen,
    CreationWay,
    EmailChanged,
    EmailFoundDead,
    EmailValidated,
    LoggedIn,
    LogIn,
    LogInWay,
    NameChanged,
)
from contracts.notifications import EmailFailed, EmailKind, EmailSent
from contracts.payments import ComplementaryStatus, PaymentKind, ReimbursementPaid
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from contracts.sealed import Recipient, Sealed
from services.gateway.domain.home import Home, apply
from services.gateway.domain.sessions import Session

LUCIE = UUID("0190a000-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SEALED = Sealed(
    protected="e30",
    recipients=(Recipient(header={"kid": "notifications"}, encrypted_key="AA"),),
    iv="AA",
    ciphertext="AA",
    tag="AA",
)
Arrived = tuple[Event, str, int]


def an_account(**but: Any) -> AccountCreated:
    """Lucie's account."""
    values: dict[str, Any] = {
        "person_id": LUCIE,
        "last_name": "EXEMPLE",
        "first_name": "Lucie",
        "birth_date": date(1985, 3, 14),
        "caisse": "29",
        "way": CreationWay.WEB_FORM,
        "email": SEALED,
        "provisional_code": SEALED,
        "code_expires_at": NOW + timedelta(hours=24),
        "created_at": NOW,
    }
    return AccountCreated(**{**values, **but})


def a_validation() -> EmailValidated:
    """Lucie reads her e-mail."""
    return EmailValidated(person_id=LUCIE, validated_at=NOW)


def a_change_of_address() -> EmailChanged:
    """Lucie reads her e-mail elsewhere."""
    return EmailChanged(person_id=LUCIE, email=SEALED, changed_at=NOW)


def a_dead_address() -> EmailFoundDead:
    """Lucie's address takes no mail."""
    return EmailFoundDead(person_id=LUCIE, found_at=NOW)


def a_freeze() -> AccountFrozen:
    """It was not Lucie."""
    return AccountFrozen(person_id=LUCIE, frozen_at=NOW)


def a_reopening(*, dropped: bool = False) -> AccountReopened:
    """Lucie proved by FranceConnect who she is; `dropped`: the address may have been a thief's."""
    return AccountReopened(person_id=LUCIE, reopened_at=NOW, way=LogInWay.FRANCECONNECT, address_dropped=dropped)


def a_closure() -> AccountClosed:
    """Lucie closes her account on the site."""
    return AccountClosed(person_id=LUCIE, reason=ClosureReason.ASKED, closed_at=NOW, channel=Channel.WEB, email=SEALED)


def a_move(caisse: str = "31") -> CaisseChanged:
    """Lucie moved."""
    return CaisseChanged(person_id=LUCIE, caisse=caisse, previous_caisse="29", changed_at=NOW)


def a_new_name(last_name: str = "EXEMPLE-FICTIVE") -> NameChanged:
    """Lucie goes by another name."""
    return NameChanged(person_id=LUCIE, first_name="Lucie", last_name=last_name, changed_at=NOW)


def a_chosen_code() -> CodeChosen:
    """Lucie chose a code on the site."""
    return CodeChosen(person_id=LUCIE, chosen_at=NOW, channel=Channel.WEB)


def a_login(
    number: int = 1, *, previous: datetime | None = None, way: LogInWay = LogInWay.CODE, failed: int = 0
) -> LoggedIn:
    """A log-in on the site; the one before was made in this way."""
    return LoggedIn(
        person_id=LUCIE,
        session_id=uuid5(LUCIE, f"session {number}"),
        current=LogIn(at=NOW, channel=Channel.WEB),
        previous=LogIn(at=previous, channel=Channel.WEB, way=way) if previous else None,
        failed_attempts_since=failed,
        new_device=False,
    )


def a_payment(number: int = 1, **but: Any) -> ReimbursementPaid:
    """A reimbursement of care."""
    values: dict[str, Any] = {
        "person_id": LUCIE,
        "payment_id": payment_id(number),
        "kind": PaymentKind.CARE,
        "amount_cents": 1600,
        "payment_date": date(2026, 11, 18),
        "care_date": date(2026, 11, 16),
        "beneficiary": "Lucie EXEMPLE",
        "complementary": ComplementaryStatus.AUTO_SENT,
    }
    return ReimbursementPaid(**{**values, **but})


def payment_id(number: int) -> UUID:
    """The id of the payment of this number; ids grow with numbers."""
    return UUID(int=number)


def an_order(number: int = 1, **but: Any) -> CardOrdered:
    """An order of a carte Vitale."""
    values: dict[str, Any] = {
        "person_id": LUCIE,
        "request_id": uuid5(LUCIE, f"request {number}"),
        "tracking_number": f"D-{number}",
        "kind": RequestKind.VITALE_CARD_ORDER,
        "state": RequestState.PIECES_AWAITED,
        "next_actor": Actor.INSURED,
        "ordered_on": date(2026, 11, 24),
        "expected_on": date(2026, 12, 8),
    }
    return CardOrdered(**{**values, **but})


def a_mail(*, delivered: bool = True, kind: EmailKind = EmailKind.CARD_ORDERED) -> EmailSent | EmailFailed:
    """What became of a mail."""
    if delivered:
        return EmailSent(person_id=LUCIE, email_id="m1", kind=kind, sent_at=NOW)
    return EmailFailed(person_id=LUCIE, email_id="m1", kind=kind, reason="550", failed_at=NOW)


def a_session(**but: Any) -> Session:
    """Lucie on the site."""
    values: dict[str, Any] = {
        "person_id": LUCIE,
        "session_id": uuid5(LUCIE, "session"),
        "channel": Channel.WEB,
        "scope": "full",
        "expires_at": NOW + timedelta(minutes=5),
    }
    return Session(**{**values, **but})


def source_of(event: Event) -> str:
    """The service that says it."""
    return event.type.partition(".")[0]


def told(*events: Event, home: Home | None = None) -> Home:
    """Lucie's home page after these events, each one second after the one before and next in its source."""
    home, sequences = home or Home(LUCIE), dict[str, int]()
    for number, event in enumerate(events):
        source = source_of(event)
        sequences[source] = sequences.get(source, 0) + 1
        home = apply(home, event, source=source, sequence=sequences[source], time=NOW + timedelta(seconds=number))
    return home
