"""The store of payments in memory; tests/integration/payments/test_store.py holds it to the real one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from contracts.payments import ReimbursementPaid
from services.payments.domain.contributions import Counter
from services.payments.domain.debts import Debt
from services.payments.domain.listing import Position, Wanted
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.domain.reimbursement import Composed, Payment


class FakeStore:
    """What payments keeps, in dictionaries; `said` is what was published."""

    def __init__(self, parameters: Parameters | None = None) -> None:
        self.parameters = parameters or Parameters(BUILT_IN)
        self.said: list[ReimbursementPaid] = []
        self._payments: dict[UUID, Payment] = {}
        self._counters: dict[tuple[UUID, str, int], Counter] = {}
        self._debts: dict[UUID, tuple[UUID, Debt]] = {}

    async def payment(self, payment_id: UUID) -> Payment | None:
        return self._payments.get(payment_id)

    async def payment_of(self, person_id: UUID, payment_id: UUID) -> Payment | None:
        found = self._payments.get(payment_id)
        return found if found and found.settled.person_id == person_id else None

    async def payments(self, person_id: UUID, wanted: Wanted, *, since: date, limit: int) -> Sequence[Payment]:
        found = [
            payment
            for payment in self._payments.values()
            if payment.settled.person_id == person_id
            and since <= payment.settled.payment_date <= (wanted.to_date or date.max)
            and wanted.kind in (None, payment.kind)
            and wanted.beneficiary in (None, payment.settled.beneficiary)
            and (wanted.after is None or _place(payment) < _key(wanted.after))
        ]
        return sorted(found, key=_place, reverse=True)[:limit]

    async def counter(self, person_id: UUID, beneficiary: str, year: int) -> Counter:
        return self._counters.get((person_id, beneficiary, year), Counter(beneficiary, year))

    async def debts(self, person_id: UUID) -> Sequence[Debt]:
        return [debt for owner, debt in self._debts.values() if owner == person_id and debt.remaining_cents]

    async def save(self, composed: Composed, paid: ReimbursementPaid) -> None:
        payment, counter = composed.payment, composed.counter
        person = payment.settled.person_id
        assert payment.id not in self._payments
        self._payments[payment.id] = payment
        self._counters[person, counter.beneficiary, counter.year] = counter
        for debt in composed.debts:
            self._debts[debt.payment_id] = person, debt
        self.said.append(paid)


def _place(payment: Payment) -> tuple[date, str]:
    return payment.settled.payment_date, str(payment.id)


def _key(position: Position) -> tuple[date, str]:
    return position.payment_date, str(position.payment_id)
