"""What an event can tell of a person that the home page shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.notifications import EmailKind
from contracts.payments import ComplementaryStatus, PaymentKind
from contracts.procedures import Actor, RequestKind, RequestState

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Latest(Generic[T_co]):
    """A fact, with the sequence and the instant of the event that told it."""

    value: T_co
    sequence: int
    time: datetime


@dataclass(frozen=True)
class Account:
    """Who the person is, and where insured when the account was made. `caisse` is a code."""

    first_name: str
    last_name: str
    caisse: str
    created_at: datetime


@dataclass(frozen=True)
class Name:
    """What the person goes by."""

    first_name: str
    last_name: str


@dataclass(frozen=True)
class PreviousLogin:
    """The log-in before the current one (dernière connexion, domain F53), and what failed since."""

    at: datetime | None
    channel: Channel | None
    failed_attempts: int
    way: LogInWay | None = None


@dataclass(frozen=True)
class Payment:
    """One line of the latest payments; cents of EUR, negative when money was taken back."""

    payment_id: UUID
    kind: PaymentKind
    amount_cents: int
    payment_date: date
    care_date: date
    beneficiary: str
    complementary: ComplementaryStatus


@dataclass(frozen=True)
class Request:
    """One request (démarche) and who must act next."""

    request_id: UUID
    tracking_number: str
    kind: RequestKind
    state: RequestState
    next_actor: Actor
    ordered_on: date
    expected_on: date


@dataclass(frozen=True)
class Mail:
    """What became of the newest e-mail to the person."""

    kind: EmailKind
    delivered: bool
    at: datetime
