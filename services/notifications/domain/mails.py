"""The life of an e-mail, from the event that is its reason to the mail server's last word.

created ─▶ claimed ─▶ sent          the server accepted it
   ▲          ├─────▶ failed        the server refused it for good
   └──────────┤                     the server was away or busy: again later
              └─────▶ expired       its window, or its code's life, is over
any that was tried ─▶ bounced       the provider says that it came back
any that was tried ─▶ complained    the provider says that its reader calls it spam
created ─▶ superseded               a newer code of its series exists, its account is closed, or has no address
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from contracts.event import Event
from contracts.notifications import EmailFailed, EmailSent
from contracts.sealed import Sealed
from services.notifications.domain.reasons import About, is_told

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = timedelta(hours=24)
"""How long a mail is tried (reliability 1b)."""
LEASE = timedelta(seconds=15)
"""How long a claim holds without being renewed: short, so that another process soon goes on after a kill."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
ADDRESS_AWAITED = timedelta(seconds=30)
NOT_ME_LIFE = timedelta(days=7)
"""How long a mail's "ce n'est pas moi" link works: a week, for whoever reads mail at weekends only; not longer, since
whoever finds an old mail could block the account."""
SECOND_MAIL = UUID("5b0c8f5e-6a53-4f0a-9d1c-6f2f6f0d7c11")
"""The namespace of the ids of second mails of one event."""


class State(StrEnum):
    """Where a mail is. Created and claimed mails are open; of the others only a provider's report makes another."""

    CREATED = "created"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to the mail."""
        return self in {State.CREATED, State.CLAIMED}


class Series(StrEnum):
    """What a code is for. Only a newer code of the same series makes an older one void."""

    PROVISIONAL = "provisional"
    VERIFICATION = "verification"
    ADDRESS = "address"


@dataclass(frozen=True)
class Code:
    """A code, or the token of a link, on its way; of one person's codes of a series the highest `number` is valid.

    It stays sealed until the moment of sending; `sealed` is None once the mail is over.
    """

    sealed: Sealed | None = field(repr=False)
    number: int
    issued_at: datetime
    expires_at: datetime
    series: Series = Series.PROVISIONAL


@dataclass(frozen=True)
class Claim:
    """The right of one process to send one mail. `token` tells one claim from the next."""

    token: str
    owner: str


@dataclass(frozen=True)
class Mail:
    """One e-mail. Its id is that of the event that is its reason, or follows from it.

    It goes to `to`, or, without, to the address that is known when it is sent; `to` is None once the mail is over.
    `address_since` tells that address from the account's others, if it was the account's; it is None, too, when two
    tries went to different ones. `delayed_at`: when the provider first said that it cannot deliver it yet.
    A sender may take it from `due_at` on: at once, after a pause, or when the lease of a claim has run out.
    `told_at` is when its reason happened, by the clock of the service that told it.
    """

    id: str
    person_id: UUID
    about: About
    told_at: datetime
    created_at: datetime
    give_up_at: datetime
    at: datetime
    code: Code | None = None
    to: str | None = field(default=None, repr=False)
    address_since: datetime | None = None
    delayed_at: datetime | None = None
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


def second_id(event_id: str) -> str:
    """The id of the second mail of one event: always the same, and no other event's."""
    return str(uuid5(SECOND_MAIL, event_id))


def write(
    mail_id: str,
    person_id: UUID,
    about: About,
    *,
    code: Code | None,
    to: str | None,
    traceparent: str | None,
    told_at: datetime,
    now: datetime,
    address_since: datetime | None = None,
) -> Mail:
    """A mail to be sent at once, and for 24 h at most; with a code, only as long as the code lives."""
    give_up_at = min(now + WINDOW, code.expires_at) if code else now + WINDOW
    return Mail(
        mail_id, person_id, about, told_at, now, give_up_at, now, code, to, address_since, traceparent=traceparent
    )


def supersede(mail: Mail, newer: Code, now: datetime) -> Mail:
    """Cancel a mail that waits with an older code of the same series; any other stays as it is."""
    if mail.code is None or mail.code.series is not newer.series or mail.code.number >= newer.number:
        return mail
    return cancel(mail, now)


def cancel(mail: Mail, now: datetime) -> Mail:
    """End a mail that waits, since nobody needs it any more; one in flight stays as it is."""
    return ended(mail, State.SUPERSEDED, now) if mail.state is State.CREATED else mail


def outlives_account(mail: Mail) -> bool:
    """Whether a mail is still to be sent when the account is closed: it warns somebody at an address of its own.

    Whoever steals an account might close it to keep back what its owner is about to read.
    """
    return mail.to is not None and mail.code is None


def hasten(mail: Mail) -> Mail:
    """Let a waiting mail be looked at again at once."""
    return replace(mail, due_at=AT_ONCE) if mail.state is State.CREATED else mail


def take(
    mail: Mail,
    claim: Claim,
    *,
    has_address: bool,
    has_newer_code: bool,
    now: datetime,
    address_since: datetime | None = None,
) -> Mail:
    """A due mail claimed; or superseded by a newer code; or put off while nobody knows where to send it.

    `address_since` is of the address that it goes to this time.
    """
    if has_newer_code:
        return ended(mail, State.SUPERSEDED, now)
    if not has_address:
        return replace(mail, state=State.CREATED, claim=None, due_at=now + ADDRESS_AWAITED)
    same = mail.attempts == 0 or mail.address_since == address_since
    return replace(
        mail,
        state=State.CLAIMED,
        at=now,
        claim=claim,
        due_at=now + LEASE,
        attempts=mail.attempts + 1,
        address_since=address_since if same else None,
    )


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
            return ended(mail, State.SENT, now), sent if is_told(mail.about) else None
        case Rejected(reason):
            return ended(mail, State.FAILED, now), failure(mail, reason, now)
        case Delayed(spread):
            if mail.give_up_at <= now:
                return expire(mail, now)
            wait = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 16), LONGEST_WAIT) * spread
            return replace(mail, state=State.CREATED, at=now, claim=None, due_at=now + wait), None


def give_up(mail: Mail, now: datetime, *, has_no_address: bool) -> tuple[Mail, Event | None]:
    """End a mail whose time is over; nothing failed where the account has no address to this day."""
    return (ended(mail, State.SUPERSEDED, now), None) if has_no_address and mail.to is None else expire(mail, now)


def expire(mail: Mail, now: datetime) -> tuple[Mail, EmailFailed | None]:
    """Give up a mail that must not be sent any more."""
    return ended(mail, State.EXPIRED, now), failure(mail, "expired", now)


def ended(mail: Mail, state: State, now: datetime) -> Mail:
    """The mail once it is over: without its code and its address."""
    code = replace(mail.code, sealed=None) if mail.code else None
    return replace(mail, state=state, at=now, claim=None, code=code, to=None)


def failure(mail: Mail, reason: str, now: datetime) -> EmailFailed | None:
    """What is said of a mail that will not arrive; nothing, if its person may not know of it."""
    if not is_told(mail.about):
        return None
    return EmailFailed(
        person_id=mail.person_id,
        email_id=mail.id,
        kind=mail.about.kind,
        reason=reason,
        failed_at=now,
        address_since=mail.address_since,
    )
