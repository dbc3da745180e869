"""What payments does: pays what the caisse settled, and shows what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from contracts.caisse import CareSettled
from contracts.payments import ReimbursementPaid
from contracts.problems import NotFound
from services.payments.domain import listing, reimbursement
from services.payments.domain.contributions import Counter
from services.payments.domain.debts import Debt
from services.payments.domain.listing import Page, Wanted
from services.payments.domain.parameters import Parameters
from services.payments.domain.reimbursement import Composed, Payment

PAGE = 50


class Store(Protocol):
    """What payments keeps, and the rules in force."""

    @property
    def parameters(self) -> Parameters:
        """The table of dated parameters."""
        ...

    async def payment(self, payment_id: UUID) -> Payment | None:
        """A payment, whoever it belongs to."""
        ...

    async def payment_of(self, person_id: UUID, payment_id: UUID) -> Payment | None:
        """A payment, if it belongs to this person."""
        ...

    async def payments(self, person_id: UUID, wanted: Wanted, *, since: date, limit: int) -> Sequence[Payment]:
        """The person's wanted payments paid on `since` or later, newest first, at most `limit`."""
        ...

    async def counter(self, person_id: UUID, beneficiary: str, year: int) -> Counter:
        """What a beneficiary owes for a civil year of care; an empty counter at first."""
        ...

    async def debts(self, person_id: UUID) -> Sequence[Debt]:
        """The person's debts of which something remains."""
        ...

    async def save(self, composed: Composed, paid: ReimbursementPaid) -> None:
        """Store a new payment and all that it changed, and say so."""
        ...


async def pay_reimbursement(settled: CareSettled, store: Store) -> Payment:
    """Pay a settled line once, however often it comes and under whatever event id.

    The payment's id is derived from the settlement's. Raises SettlementChanged when the line comes again
    with other content, SettlementIncoherent when its dates cannot be right.
    """
    if known := await store.payment(reimbursement.payment_id(settled.settlement_id)):
        return reimbursement.recognise(known, settled)
    composed, paid = reimbursement.compose(
        settled,
        await store.counter(settled.person_id, settled.beneficiary, settled.care_date.year),
        await store.debts(settled.person_id),
        store.parameters,
    )
    await store.save(composed, paid)
    return composed.payment


@dataclass(frozen=True)
class ListPayments:
    """A person looks at the payments list."""

    person_id: UUID
    wanted: Wanted
    today: date


async def list_payments(query: ListPayments, store: Store) -> Page:
    """The person's payments of the last months, newest first; older ones are left to the statements (F45)."""
    opens = listing.window_from(query.today, store.parameters)
    since = max(opens, query.wanted.from_date or opens)
    found = await store.payments(query.person_id, query.wanted, since=since, limit=PAGE + 1)
    return listing.page(query.wanted, found, PAGE, opens)


@dataclass(frozen=True)
class ShowPayment:
    """A person looks at one payment."""

    person_id: UUID
    payment_id: UUID


async def show_payment(query: ShowPayment, store: Store) -> Payment:
    """One payment of this person. Raises NotFound, also for somebody else's."""
    payment = await store.payment_of(query.person_id, query.payment_id)
    if payment is None:
        raise NotFound
    return payment
