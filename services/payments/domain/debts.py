"""Contributions that could not be withheld from their own line, and how later lines pay them off."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.parameters import Parameter
from services.payments.domain.calendar import years_before
from services.payments.domain.contributions import Contribution


@dataclass(frozen=True)
class Debt:
    """What the person still owes of one line (créance), whoever of the file the patient was."""

    payment_id: UUID
    contribution: Contribution
    beneficiary: str
    care_date: date
    since: date
    due_cents: int
    remaining_cents: int


@dataclass(frozen=True)
class Recovery:
    """A part of a debt that a line pays off; `debt` is what is left of it."""

    debt: Debt
    cents: int


def recover(debts: Iterable[Debt], available_cents: int, on: date, years: Parameter) -> tuple[Recovery, ...]:
    """Pay the oldest debts first, as far as the money goes; debts older than `years` have lapsed (domain 3.7)."""
    oldest_first = sorted(debts, key=lambda debt: (debt.since, debt.care_date, debt.payment_id))
    recoveries: list[Recovery] = []
    for debt in oldest_first:
        cents = min(debt.remaining_cents, available_cents)
        if cents > 0 and debt.since >= years_before(on, years.value):
            available_cents -= cents
            recoveries.append(Recovery(replace(debt, remaining_cents=debt.remaining_cents - cents), cents))
    return tuple(recoveries)
