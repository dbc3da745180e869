"""What every store of payments must do; run on the fake and on the real one.

`run(handler, command)` executes a use case on the store under test; `said()` is what it published, in order.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.payments import PaymentKind, ReimbursementPaid
from contracts.problems import NotFound
from services.payments import handlers
from services.payments.domain.listing import Page, Wanted
from services.payments.domain.reimbursement import SettlementChanged
from tests.unit.payments.builders import ANNA, BEN, BENEFICIARY, a_pharmacy_line, a_settlement

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@dataclass
class World:
    """A store under test."""

    run: Callable[..., Awaitable[Any]]
    said: Callable[[], Awaitable[list[ReimbursementPaid]]]

    async def pay(self, *settlements: Any) -> list[Any]:
        return [await self.run(handlers.pay_reimbursement, settled) for settled in settlements]

    async def listed(self, person: Any = ANNA, **wanted: Any) -> Page:
        page = await self.run(handlers.list_payments, handlers.ListPayments(person, Wanted(**wanted), TODAY))
        assert isinstance(page, Page)
        return page


async def a_debt_is_paid_off_once(world: World) -> None:
    pharmacy, visit = a_pharmacy_line(3), a_settlement()
    await world.pay(pharmacy, visit, a_settlement(care_date=date(2026, 11, 3)))
    assert [paid.amount_cents for paid in await world.said()] == [1599, 1600, 1900]


async def a_line_that_comes_again_changes_nothing(world: World) -> None:
    visit = a_settlement()
    first, again = await world.pay(visit, visit)
    assert first == again
    assert [paid.amount_cents for paid in await world.said()] == [1900]
    with pytest.raises(SettlementChanged):
        await world.pay(visit.model_copy(update={"base_cents": 9000}))
    (following,) = await world.pay(a_settlement())
    assert [cap.before_cents for cap in following.explanation[1].caps] == [200, 200]


async def counters_are_kept_by_person_beneficiary_and_year_of_care(world: World) -> None:
    lines = [
        a_settlement(),
        a_settlement(beneficiary="Tom ESSAI"),
        a_settlement(person_id=BEN),
        a_settlement(care_date=date(2025, 12, 31)),
    ]
    for payment in await world.pay(*lines):
        assert [cap.before_cents for cap in payment.explanation[1].caps] == [0, 0]


async def the_list_shows_the_window_newest_first(world: World) -> None:
    opens = date(2026, 5, 24)
    days = [opens - timedelta(1), opens, date(2026, 7, 1), date(2026, 11, 1)]
    lines = [a_settlement(care_date=date(2026, 5, 1), payment_date=day) for day in days]
    await world.pay(*lines, a_settlement(person_id=BEN))
    page = await world.listed()
    assert [payment.settled.payment_date for payment in page.payments] == days[:0:-1]
    assert (page.window_from, page.older_asked, page.next_position) == (opens, False, None)

    older = await world.listed(from_date=date(2025, 1, 1), to_date=days[0])
    assert (older.payments, older.older_asked) == ((), True)
    partly = await world.listed(from_date=days[0], to_date=days[2])
    assert ([p.settled.payment_date for p in partly.payments], partly.older_asked) == ([days[2], days[1]], True)


async def the_list_is_filtered_by_period_kind_and_beneficiary(world: World) -> None:
    await world.pay(
        a_settlement(payment_date=date(2026, 11, 10)),
        a_pharmacy_line(1, payment_date=date(2026, 11, 11)),
        a_settlement(beneficiary="Tom ESSAI", payment_date=date(2026, 11, 12)),
    )

    async def days(**wanted: Any) -> list[int]:
        return [payment.settled.payment_date.day for payment in (await world.listed(**wanted)).payments]

    assert await days() == [12, 11, 10]
    assert await days(from_date=date(2026, 11, 11)) == [12, 11]
    assert await days(to_date=date(2026, 11, 11)) == [11, 10]
    assert await days(kind=PaymentKind.THIRD_PARTY) == [11]
    assert await days(beneficiary=BENEFICIARY, kind=PaymentKind.CARE) == [10]
    assert await days(beneficiary="$gt") == []


async def the_pages_of_a_long_list_hold_every_payment_once(world: World) -> None:
    days = [date(2026, 11, 1) + timedelta(days=number % 7) for number in range(handlers.PAGE + 5)]
    paid = await world.pay(*[a_settlement(nature="other", care_date=date(2026, 11, 1), payment_date=d) for d in days])
    first = await world.listed()
    assert len(first.payments) == handlers.PAGE
    second = await world.listed(after=first.next_position)
    assert second.next_position is None
    together = [payment.id for payment in (*first.payments, *second.payments)]
    assert sorted(together, key=str) == sorted((payment.id for payment in paid), key=str)
    assert len(set(together)) == len(together)


async def a_payment_is_shown_to_its_person_alone(world: World) -> None:
    (payment,) = await world.pay(a_settlement())
    assert await world.run(handlers.show_payment, handlers.ShowPayment(ANNA, payment.id)) == payment
    for person, payment_id in ((BEN, payment.id), (ANNA, uuid4())):
        with pytest.raises(NotFound):
            await world.run(handlers.show_payment, handlers.ShowPayment(person, payment_id))


SCENARIOS = [
    a_debt_is_paid_off_once,
    a_line_that_comes_again_changes_nothing,
    counters_are_kept_by_person_beneficiary_and_year_of_care,
    the_list_shows_the_window_newest_first,
    the_list_is_filtered_by_period_kind_and_beneficiary,
    the_pages_of_a_long_list_hold_every_payment_once,
    a_payment_is_shown_to_its_person_alone,
]
