"""What payments keeps in MongoDB: payments, one counter a beneficiary and year, one debt a payment."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from chassis.outbox import Transaction
from contracts.payments import ReimbursementPaid
from services.payments.domain.contributions import Counter
from services.payments.domain.debts import Debt
from services.payments.domain.listing import Wanted
from services.payments.domain.parameters import Parameters
from services.payments.domain.reimbursement import Composed, Payment

# SecantusDB 0.7 loses the bounds of a range unless its field is the last of the index: no `_id` behind the date.
INDEXES: Mapping[str, Sequence[Index]] = {
    "payments": [Index(("person_id", "-payment_date"))],
    "counters": [Index(("person_id", "beneficiary", "year"), unique=True)],
    "debts": [Index(("person_id", "open"))],
}

_payments = TypeAdapter(Payment)
_counters = TypeAdapter(Counter)
_debts = TypeAdapter(Debt)


class MongoStore:
    """The store that the handlers ask for, inside one transaction."""

    def __init__(self, tx: Transaction, parameters: Parameters) -> None:
        self._tx = tx
        self.parameters = parameters

    async def payment(self, payment_id: UUID) -> Payment | None:
        """A payment, whoever it belongs to."""
        return _payment(await self._tx["payments"].find_one({"_id": str(payment_id)}))

    async def payment_of(self, person_id: UUID, payment_id: UUID) -> Payment | None:
        """A payment, if it belongs to this person."""
        return _payment(await self._tx["payments"].find_one({"_id": str(payment_id), "person_id": str(person_id)}))

    async def payments(self, person_id: UUID, wanted: Wanted, *, since: date, limit: int) -> Sequence[Payment]:
        """The person's wanted payments paid on `since` or later, newest first, at most `limit`."""
        found = await self._tx["payments"].find(
            _where(person_id, wanted, since), sort=("-payment_date", "-_id"), limit=limit
        )
        return [_payments.validate_python(document, extra="ignore") for document in found]

    async def counter(self, person_id: UUID, beneficiary: str, year: int) -> Counter:
        """What a beneficiary owes for a civil year of care; an empty counter at first."""
        found = await self._tx["counters"].find_one(_counted(person_id, beneficiary, year))
        return _counters.validate_python(found, extra="ignore") if found else Counter(beneficiary, year)

    async def debts(self, person_id: UUID) -> Sequence[Debt]:
        """The person's debts of which something remains."""
        found = await self._tx["debts"].find({"person_id": str(person_id), "open": True})
        return [_debts.validate_python(document, extra="ignore") for document in found]

    async def save(self, composed: Composed, paid: ReimbursementPaid) -> None:
        """Store a new payment and all that it changed, and say so."""
        payment, counter = composed.payment, composed.counter
        settled, person = payment.settled, str(payment.settled.person_id)
        searched = {
            "_id": str(payment.id),
            "person_id": person,
            "payment_date": settled.payment_date.isoformat(),
            "beneficiary": settled.beneficiary,
        }
        await self._tx["payments"].insert({**_payments.dump_python(payment, mode="json"), **searched})
        where = _counted(settled.person_id, counter.beneficiary, counter.year)
        counted = {**_counters.dump_python(counter, mode="json"), "person_id": person}
        await self._tx["counters"].replace(where, counted, upsert=True)
        for debt in composed.debts:
            row = {**_debts.dump_python(debt, mode="json"), "person_id": person, "open": debt.remaining_cents > 0}
            await self._tx["debts"].replace({"_id": str(debt.payment_id)}, row, upsert=True)
        await self._tx.publish(paid, subject=payment.id)


def _payment(found: dict[str, Any] | None) -> Payment | None:
    return _payments.validate_python(found, extra="ignore") if found else None


def _counted(person_id: UUID, beneficiary: str, year: int) -> dict[str, Any]:
    return {"person_id": str(person_id), "beneficiary": beneficiary, "year": year}


def _where(person_id: UUID, wanted: Wanted, since: date) -> dict[str, Any]:
    days = {"$gte": since.isoformat()}
    if wanted.to_date:
        days["$lte"] = wanted.to_date.isoformat()
    where: dict[str, Any] = {"person_id": str(person_id), "payment_date": days}
    if wanted.kind:
        where["kind"] = wanted.kind.value
    if wanted.beneficiary:
        where["beneficiary"] = wanted.beneficiary
    if wanted.after:
        day, last = wanted.after.payment_date.isoformat(), str(wanted.after.payment_id)
        where["$or"] = [{"payment_date": {"$lt": day}}, {"payment_date": day, "_id": {"$lt": last}}]
    return where
