"""The answer of `GET /home`: blocks that each say how fresh they are, in French, ready to be shown."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.payments import ComplementaryStatus, PaymentKind
from contracts.procedures import Actor, RequestKind, RequestState


class Status(StrEnum):
    """How far a block can be believed."""

    OK = "ok"
    STALE = "stale"
    UNAVAILABLE = "unavailable"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Block(_View):
    """`as_of`: instant of the newest event that the block shows; null when it shows none."""

    status: Status
    as_of: datetime | None


class AccountBlock(Block):
    """Who is logged in."""

    first_name: str | None = None
    last_name: str | None = None
    created_at: datetime | None = None
    email_validated: bool = False
    code_chosen_at: datetime | None = None


class PreviousLoginBlock(Block):
    """The log-in before this one; `label` is null at the first."""

    at: datetime | None = None
    channel: Channel | None = None
    way: LogInWay | None = None
    label: str | None = None
    failed_attempts: int = 0


class MenuEntry(_View):
    """One tab; `route` is what it shows."""

    label: str
    route: str


class MenuBlock(Block):
    """The tabs that exist in this channel."""

    entries: tuple[MenuEntry, ...]


class PaymentLine(_View):
    """One payment; `amount_cents` carries its sign, `sign` is for the eye."""

    payment_id: UUID
    payment_date: date
    kind: PaymentKind
    kind_label: str
    amount_cents: int
    currency: str
    sign: str
    care_date: date
    beneficiary: str
    complementary: ComplementaryStatus


class PaymentsBlock(Block):
    """The five newest payments."""

    payments: tuple[PaymentLine, ...] = ()


class QuickRequest(_View):
    """A request that can be made at once."""

    kind: RequestKind
    label: str


class QuickRequestsBlock(Block):
    """What can be asked for in two clicks in this channel."""

    requests: tuple[QuickRequest, ...]


class Appointment(_View):
    """One appointment at the caisse."""

    appointment_id: UUID
    starts_at: datetime
    label: str


class AgendaBlock(Block):
    """The next appointments."""

    appointments: tuple[Appointment, ...] = ()


class CountersBlock(Block):
    """What waits for the person."""

    payments_to_send: int = 0
    requests_in_progress: int = 0


class CaisseBlock(Block):
    """The caisse the person belongs to; its name is null when its code is not known here."""

    code: str | None = None
    name: str | None = None
    town: str | None = None
    phone: str | None = None


class Banner(_View):
    """One message above the page; `route` is what to call to do what it asks for, if it asks for something."""

    id: str
    level: str
    text: str
    route: str | None = None


class BannersBlock(Block):
    """Messages above the page."""

    banners: tuple[Banner, ...] = ()


class RequestLine(_View):
    """One request that is not closed."""

    request_id: UUID
    tracking_number: str
    kind: RequestKind
    kind_label: str
    state: RequestState
    state_label: str
    next_actor: Actor
    next_actor_label: str
    ordered_on: date
    expected_on: date


class RequestsBlock(Block):
    """The requests that are not closed, the newest first."""

    requests: tuple[RequestLine, ...] = ()


class HomePage(_View):
    """The home page of one person in one channel. `as_of`: instant of the newest event it knows."""

    as_of: datetime | None
    account: AccountBlock
    previous_login: PreviousLoginBlock
    menu: MenuBlock
    latest_payments: PaymentsBlock
    quick_requests: QuickRequestsBlock
    agenda: AgendaBlock
    counters: CountersBlock
    caisse: CaisseBlock
    banners: BannersBlock
    requests_in_progress: RequestsBlock


# Which blocks a service's events end up in.
TELLERS = {
    "identity": ("account", "previous_login", "caisse", "banners"),
    "payments": ("latest_payments", "counters", "banners"),
    "procedures": ("requests_in_progress", "counters"),
    "notifications": ("banners",),
}


def marked_stale(page: Mapping[str, Any], services: Iterable[str]) -> dict[str, Any]:
    """The answer, decoded, saying `stale` wherever these services have news that is not in it.

    It may have been prepared by another version of this program, so nothing else of it is looked at.
    """
    late = {block for service in services for block in TELLERS[service]}
    return {
        name: {**block, "status": Status.STALE} if name in late and block.get("status") == Status.OK else block
        for name, block in page.items()
    }
