"""Which payments a person sees in the list, and how the list is paged."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.payments import PaymentKind
from services.payments.domain.calendar import months_before
from services.payments.domain.parameters import Parameters
from services.payments.domain.reimbursement import Payment


@dataclass(frozen=True)
class Position:
    """The place of a payment in the list: newest payment date first, then by id."""

    payment_date: date
    payment_id: UUID

    @property
    def cursor(self) -> str:
        """The place as an opaque text."""
        return base64.urlsafe_b64encode(f"{self.payment_date}|{self.payment_id}".encode()).decode()


def read_cursor(cursor: str) -> Position:
    """The place that a cursor names. Raises ValueError for a text that is no cursor."""
    try:
        day, _, payment = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition("|")
        position = Position(date.fromisoformat(day), UUID(payment))
    except binascii.Error:
        raise ValueError("not a cursor") from None
    if position.cursor != cursor:
        raise ValueError("not a cursor")
    return position


@dataclass(frozen=True)
class Wanted:
    """Which payments are asked for; both dates are inclusive payment dates."""

    from_date: date | None = None
    to_date: date | None = None
    kind: PaymentKind | None = None
    beneficiary: str | None = None
    after: Position | None = None


@dataclass(frozen=True)
class Page:
    """Some payments in a row, where the next ones begin, and since when payments are listed at all."""

    payments: tuple[Payment, ...]
    next_position: Position | None
    window_from: date
    older_asked: bool


def window_from(today: date, parameters: Parameters) -> date:
    """The first payment date that is listed: so many calendar months before today, inclusive (domain F45)."""
    return months_before(today, parameters.get("payments.window-months", today).value)


def page(wanted: Wanted, found: Sequence[Payment], size: int, opens: date) -> Page:
    """The page of `found`, which holds up to one payment more than `size`."""
    shown = tuple(found[:size])
    more = len(found) > size
    last = Position(shown[-1].settled.payment_date, shown[-1].id) if more else None
    asked_from = [day for day in (wanted.from_date, wanted.to_date) if day is not None]
    return Page(shown, last, opens, any(day < opens for day in asked_from))
