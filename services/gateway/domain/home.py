"""What the home page knows of one person, and how an event changes it.

Each fact remembers the sequence of the event it came from and the newest wins, so any order and any
repetition of events ends in the same state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    AccountFrozen,
    AccountReopened,
    CaisseChanged,
    CodeChosen,
    EmailChanged,
    EmailFoundDead,
    EmailValidated,
    LoggedIn,
    LogIn,
    NameChanged,
)
from contracts.notifications import EmailFailed, EmailKind, EmailSent
from contracts.payments import ComplementaryStatus, ReimbursementPaid
from contracts.procedures import CardOrdered, RequestState
from services.gateway.domain.facts import Account, Latest, Mail, Name, Payment, PreviousLogin, Request
from services.gateway.domain.parameters import TO_SEND_MONTHS, in_force, months_before

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PARIS = ZoneInfo("Europe/Paris")
LATEST = 5  # lines of "Mes derniers paiements" (domain F34)
# What ends with an account.
OF_ACCOUNT = (
    "account",
    "renamed",
    "email_validated",
    "email_dead",
    "code_chosen",
    "previous_login",
    "frozen",
    "reopened",
    "dropped",
)


@dataclass(frozen=True)
class Home:
    """Everything the home page says of one person. `seen`: the newest sequence of each service, by its name.

    `payments` are sorted, newest first; `requests` by id. `closed`: when the person's last account ended; what was
    said of that account is forgotten, what was paid and ordered is not: it is the person's, should they come back.
    `moved` is the caisse after the newest move, `renamed` the newest name since the account was made. `frozen`,
    `reopened`, `dropped`: when the account was last closed by “ce n'est pas moi”, which voids its code, when it was
    opened again, and when that took its address away. `email_dead`: since when the address takes no mail, None while
    it does.
    """

    person_id: UUID
    seen: Mapping[str, int] = field(default_factory=dict)
    as_of: datetime | None = None
    account: Latest[Account] | None = None
    moved: Latest[str] | None = None
    renamed: Latest[Name] | None = None
    email_validated: Latest[datetime] | None = None
    email_dead: Latest[datetime | None] | None = None
    code_chosen: Latest[datetime] | None = None
    previous_login: Latest[PreviousLogin] | None = None
    mail: Latest[Mail] | None = None
    payments: tuple[Latest[Payment], ...] = ()
    requests: tuple[Latest[Request], ...] = ()
    closed: Latest[datetime] | None = None
    frozen: Latest[datetime] | None = None
    reopened: Latest[datetime] | None = None
    dropped: Latest[datetime] | None = None

    @property
    def caisse(self) -> "Latest[str] | None":
        """The code of the caisse that the account's owner belongs to: as at its creation, or as after a later move."""
        if self.account is None:
            return None
        return _newest(self.moved, Latest(self.account.value.caisse, self.account.sequence, self.account.time))

    @property
    def name(self) -> "Latest[Name] | None":
        """What the account's owner goes by: as at its creation, or as the register has said since."""
        if self.account is None:
            return None
        account = self.account.value
        first = Latest(Name(account.first_name, account.last_name), self.account.sequence, self.account.time)
        return _newest(self.renamed, first)

    @property
    def awaits_code(self) -> bool:
        """Whether a freeze took the account's code, and the account is open again without one."""
        return _after(self.reopened, self.frozen) is not None and self.code_chosen is None

    @property
    def awaits_email(self) -> bool:
        """Whether there is an account without an address that its owner is known to read (domain F08)."""
        return self.account is not None and self.email_validated is None

    def payments_to_send(self) -> tuple[Payment, ...]:
        """Those of the last months that the person must pass on to a complementary insurer (domain F52)."""
        since = self._to_send_since()
        return tuple(each.value for each in self.payments if _to_send(each.value, since))

    def latest_payments(self) -> tuple[Latest[Payment], ...]:
        """The five newest, by payment date."""
        return self.payments[:LATEST]

    def open_requests(self) -> tuple[Latest[Request], ...]:
        """Those not closed, the newest first."""
        found = [each for each in self.requests if each.value.state is not RequestState.CLOSED]
        return tuple(sorted(found, key=lambda each: (each.value.ordered_on, each.value.request_id), reverse=True))

    def _to_send_since(self) -> date:
        if self.as_of is None:
            return date.max
        day = self.as_of.astimezone(PARIS).date()
        return months_before(day, in_force(TO_SEND_MONTHS, day))


def apply(home: Home, event: Event, *, source: str, sequence: int, time: datetime) -> Home:
    """The home page after this event; repeats and old news leave it as it was. `source` is a service's name.

    A payment is told once: what corrects it is another payment. So only the lines that can still be shown are kept.
    """
    home = replace(
        home,
        seen={**home.seen, source: max(sequence, home.seen.get(source, 0))},
        as_of=max(time, home.as_of or time),
    )
    return _pruned(_without_what_is_void(_without_closed_account(_told(home, event, sequence, time))))


def _told(home: Home, event: Event, sequence: int, time: datetime) -> Home:
    def newest(before: Latest[T] | None, value: T) -> Latest[T]:
        return _newest(before, Latest(value, sequence, time))

    match event:
        case EmailSent() | EmailFailed() if event.kind is EmailKind.ACCOUNT_CLOSED:
            # Told to an account that is no more: nothing that the next one has to hear of.
            pass
        case EmailSent():
            home = replace(home, mail=newest(home.mail, Mail(event.kind, True, event.sent_at)))
        case EmailFailed():
            home = replace(home, mail=newest(home.mail, Mail(event.kind, False, event.failed_at)))
        case ReimbursementPaid():
            payments = {each.value.payment_id: each for each in home.payments}
            payments[event.payment_id] = newest(payments.get(event.payment_id), _payment(event))
            home = replace(home, payments=tuple(payments.values()))
        case CardOrdered():
            requests = {each.value.request_id: each for each in home.requests}
            requests[event.request_id] = newest(requests.get(event.request_id), _request(event))
            home = replace(home, requests=tuple(sorted(requests.values(), key=lambda each: each.value.request_id)))
        case _:
            home = _told_by_identity(home, event, sequence, time)
    return home


def _told_by_identity(home: Home, event: Event, sequence: int, time: datetime) -> Home:
    def newest(before: Latest[T] | None, value: T) -> Latest[T]:
        return _newest(before, Latest(value, sequence, time))

    match event:
        case AccountCreated():
            account = Account(event.first_name, event.last_name, event.caisse, event.created_at)
            home = replace(home, account=newest(home.account, account), email_dead=newest(home.email_dead, None))
        case CaisseChanged():
            home = replace(home, moved=newest(home.moved, event.caisse))
        case NameChanged():
            home = replace(home, renamed=newest(home.renamed, Name(event.first_name, event.last_name)))
        case CodeChosen():
            home = replace(home, code_chosen=newest(home.code_chosen, event.chosen_at))
        case LoggedIn():
            login = _previous_login(event.previous, event.failed_attempts_since)
            home = replace(home, previous_login=newest(home.previous_login, login))
        case _:
            home = _told_of_address(_taken_away(home, event, sequence, time), event, sequence, time)
    return home


def _taken_away(home: Home, event: Event, sequence: int, time: datetime) -> Home:
    """What identity took from the account, or gave back."""

    def newest(before: Latest[T] | None, value: T) -> Latest[T]:
        return _newest(before, Latest(value, sequence, time))

    match event:
        case AccountFrozen():
            home = replace(home, frozen=newest(home.frozen, event.frozen_at))
        case AccountReopened():
            dropped = newest(home.dropped, event.reopened_at) if event.address_dropped else home.dropped
            home = replace(home, reopened=newest(home.reopened, event.reopened_at), dropped=dropped)
        case AccountClosed():
            home = replace(home, closed=newest(home.closed, event.closed_at))
    return home


def _told_of_address(home: Home, event: Event, sequence: int, time: datetime) -> Home:
    validated_at = dead_since = None
    match event:
        case EmailValidated():
            validated_at = event.validated_at
        case EmailChanged():
            validated_at = event.changed_at
        case EmailFoundDead():
            dead_since = event.found_at
        case AccountReopened(address_dropped=True):
            pass
        case _:
            return home
    if validated_at:
        home = replace(home, email_validated=_newest(home.email_validated, Latest(validated_at, sequence, time)))
    return replace(home, email_dead=_newest(home.email_dead, Latest(dead_since, sequence, time)))


def _newest(before: Latest[T] | None, after: Latest[T]) -> Latest[T]:
    return before if before and before.sequence >= after.sequence else after


def _previous_login(before: LogIn | None, failed: int) -> PreviousLogin:
    if before is None:
        return PreviousLogin(None, None, failed)
    return PreviousLogin(before.at, before.channel, failed, before.way)


def _payment(event: ReimbursementPaid) -> Payment:
    return Payment(
        event.payment_id,
        event.kind,
        event.amount_cents,
        event.payment_date,
        event.care_date,
        event.beneficiary,
        event.complementary,
    )


def _request(event: CardOrdered) -> Request:
    return Request(
        event.request_id,
        event.tracking_number,
        event.kind,
        event.state,
        event.next_actor,
        event.ordered_on,
        event.expected_on,
    )


def _without_closed_account(home: Home) -> Home:
    """Without what identity said before it closed the account, and without older mails, which went to its address."""
    closed = home.closed
    if closed is None:
        return home
    of_now: dict[str, Any] = {name: _after(getattr(home, name), closed) for name in OF_ACCOUNT}
    return replace(home, **of_now, mail=home.mail if home.mail and home.mail.time > closed.time else None)


def _without_what_is_void(home: Home) -> Home:
    """Without the code of before a freeze, and the address of before a reopening that took it away."""
    return replace(
        home,
        code_chosen=_after(home.code_chosen, home.frozen),
        email_validated=_after(home.email_validated, home.dropped),
    )


def _after(fact: Latest[T] | None, limit: Latest[Any] | None) -> Latest[T] | None:
    """The fact, unless it was told before this one; both are identity's."""
    return fact if fact is None or limit is None or fact.sequence > limit.sequence else None


def _pruned(home: Home) -> Home:
    """Without the payments that no block shows any more."""
    since = home._to_send_since()
    ordered = sorted(home.payments, key=lambda each: (each.value.payment_date, each.value.payment_id), reverse=True)
    kept = ordered[:LATEST] + [each for each in ordered[LATEST:] if _to_send(each.value, since)]
    return replace(home, payments=tuple(kept))


def _to_send(payment: Payment, since: date) -> bool:
    return payment.complementary is ComplementaryStatus.TO_SEND_YOURSELF and payment.payment_date >= since
