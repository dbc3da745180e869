"""The life of an e-mail, from the event that is its reason to the mail server's last word.

created ─▶ claimed ─▶ sent          the server accepted it
   ▲          ├─────▶ failed        the server refused it for good
   └──────────┤                     the server was away or busy: again later
              └─────▶ expired       its window, or its code's life, is over
created ─▶ superseded               a newer code of the same person exists
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.identity import AttemptReason, Channel, ResetReason
from contracts.notifications import EmailFailed, EmailKind, EmailSent
from contracts.procedures import Actor
from contracts.sealed import Sealed

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = timedelta(hours=24)
"""How long a mail is tried (reliability 1b)."""
LEASE = timedelta(seconds=15)
"""How long a claim holds without being renewed: short, so that another process soon goes on after a kill."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
ADDRESS_AWAITED = timedelta(seconds=30)


class State(StrEnum):
    """Where a mail is. Created and claimed mails are open; every other state is final."""

    CREATED = "created"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to the mail."""
        return self in {State.CREATED, State.CLAIMED}


@dataclass(frozen=True)
class AccountOpened:
    """The person has an account (compte ameli) and gets its first provisional code."""

    kind: Literal[EmailKind.ACCOUNT_CREATED] = EmailKind.ACCOUNT_CREATED


@dataclass(frozen=True)
class CodeRenewed:
    """The person gets another provisional code."""

    reason: ResetReason
    kind: Literal[EmailKind.CODE_RESET] = EmailKind.CODE_RESET


@dataclass(frozen=True)
class CodeChanged:
    """The person, or somebody in their place, chose a code."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.CODE_CHOSEN] = EmailKind.CODE_CHOSEN


@dataclass(frozen=True)
class CreationTried:
    """Somebody asked for an account with what belongs to this person."""

    reason: AttemptReason
    at: datetime
    kind: Literal[EmailKind.CREATION_ATTEMPTED] = EmailKind.CREATION_ATTEMPTED


@dataclass(frozen=True)
class CardAwaited:
    """A carte Vitale was ordered; `next_actor` must act next."""

    tracking_number: str
    next_actor: Actor
    ordered_on: date
    expected_on: date
    kind: Literal[EmailKind.CARD_ORDERED] = EmailKind.CARD_ORDERED


About = Annotated[AccountOpened | CodeRenewed | CodeChanged | CreationTried | CardAwaited, Field(discriminator="kind")]


@dataclass(frozen=True)
class Code:
    """A provisional code (code provisoire) on its way; of one person's codes the highest `number` is valid.

    It stays sealed until the moment of sending; `sealed` is None once the mail is over.
    """

    sealed: Sealed | None = field(repr=False)
    number: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Claim:
    """The right of one process to send one mail. `token` tells one claim from the next."""

    token: str
    owner: str


@dataclass(frozen=True)
class Mail:
    """One e-mail. Its id is that of the event that is its reason.

    A sender may take it from `due_at` on: at once, after a pause, or when the lease of a claim has run out.
    """

    id: str
    person_id: UUID
    about: About
    created_at: datetime
    give_up_at: datetime
    at: datetime
    code: Code | None = None
    traceparent: str | None = None
    state: State = State.CREATED
    due_at: datetime = AT_ONCE
    attempts: int = 0
    claim: Claim | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a sender may take it now."""
        return self.state.is_open and self.due_at <= now < self.give_up_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it must not be sent any more, and nobody is sending it."""
        in_flight = self.state is State.CLAIMED and self.due_at > now
        return self.state.is_open and not in_flight and self.give_up_at <= now

    def is_held_by(self, token: str) -> bool:
        """Whether this claim is still the mail's claim."""
        return self.claim is not None and self.claim.token == token


@dataclass(frozen=True)
class Contact:
    """Where and how a person is written to."""

    first_name: str
    last_name: str
    email: str = field(repr=False)


@dataclass(frozen=True)
class Letter:
    """A mail as it is sent: the same content twice, as text and as HTML."""

    mail_id: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True)
class Accepted:
    """The mail server took the mail."""


@dataclass(frozen=True)
class Rejected:
    """The mail can never be sent."""

    reason: str


@dataclass(frozen=True)
class Delayed:
    """The mail may be sent later; `spread` (0.5 to 1) keeps the next tries of many mails apart."""

    spread: float


Outcome = Accepted | Rejected | Delayed


def write(
    mail_id: str, person_id: UUID, about: About, *, code: Code | None, traceparent: str | None, now: datetime
) -> Mail:
    """A mail to be sent at once, and for 24 h at most; with a code, only as long as the code lives."""
    give_up_at = min(now + WINDOW, code.expires_at) if code else now + WINDOW
    return Mail(mail_id, person_id, about, now, give_up_at, now, code, traceparent)


def supersede(mail: Mail, number: int, now: datetime) -> Mail:
    """Cancel a mail that waits with an older code than `number`; any other stays as it is."""
    if mail.code is None or mail.code.number >= number or mail.state is not State.CREATED:
        return mail
    return _end(mail, State.SUPERSEDED, now)


def hasten(mail: Mail) -> Mail:
    """Let a waiting mail be looked at again at once."""
    return replace(mail, due_at=AT_ONCE) if mail.state is State.CREATED else mail


def take(mail: Mail, claim: Claim, *, has_address: bool, has_newer_code: bool, now: datetime) -> Mail:
    """A due mail claimed; or superseded by a newer code; or put off while nobody knows where to send it."""
    if has_newer_code:
        return _end(mail, State.SUPERSEDED, now)
    if not has_address:
        return replace(mail, state=State.CREATED, claim=None, due_at=now + ADDRESS_AWAITED)
    return replace(mail, state=State.CLAIMED, at=now, claim=claim, due_at=now + LEASE, attempts=mail.attempts + 1)


def renew(mail: Mail, now: datetime) -> Mail:
    """Keep a claim for another lease."""
    return replace(mail, due_at=now + LEASE)


def take_back(mail: Mail, now: datetime) -> Mail:
    """Undo a claim whose owner is known to have died."""
    return replace(mail, state=State.CREATED, at=now, claim=None, due_at=AT_ONCE)


def finish(mail: Mail, outcome: Outcome, now: datetime) -> tuple[Mail, Event | None]:
    """What becomes of a claimed mail after one try, and what is said about it."""
    match outcome:
        case Accepted():
            sent = EmailSent(person_id=mail.person_id, email_id=mail.id, kind=mail.about.kind, sent_at=now)
            return _end(mail, State.SENT, now), sent
        case Rejected(reason):
            return _end(mail, State.FAILED, now), _failed(mail, reason, now)
        case Delayed(spread):
            if mail.give_up_at <= now:
                return expire(mail, now)
            wait = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 16), LONGEST_WAIT) * spread
            return replace(mail, state=State.CREATED, at=now, claim=None, due_at=now + wait), None


def expire(mail: Mail, now: datetime) -> tuple[Mail, EmailFailed]:
    """Give up a mail that must not be sent any more."""
    return _end(mail, State.EXPIRED, now), _failed(mail, "expired", now)


def _end(mail: Mail, state: State, now: datetime) -> Mail:
    code = replace(mail.code, sealed=None) if mail.code else None
    return replace(mail, state=state, at=now, claim=None, code=code)


def _failed(mail: Mail, reason: str, now: datetime) -> EmailFailed:
    return EmailFailed(person_id=mail.person_id, email_id=mail.id, kind=mail.about.kind, reason=reason, failed_at=now)
