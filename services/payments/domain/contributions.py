"""What a patient owes on a line of care: participation forfaitaire and franchise médicale, within their caps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from contracts.birth_date import BirthDate
from contracts.caisse import CareSettled, Nature
from contracts.parameters import Parameter
from services.payments.domain.calendar import years_before
from services.payments.domain.parameters import Parameters


class Contribution(StrEnum):
    """The two contributions; each has a yearly cap of its own (domain 3.10)."""

    PARTICIPATION = "participation"
    FRANCHISE = "franchise"


class Reason(StrEnum):
    """Why a step of a calculation is what it is."""

    COMPUTED = "computed"
    FULL = "full"
    DAILY_CAP = "daily-cap"
    YEARLY_CAP = "yearly-cap"
    MINOR = "minor"
    EXEMPT = "exempt"
    NOT_COVERED = "not-covered"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class Rule:
    """How one nature of act is charged: the names of its parameters."""

    contribution: Contribution
    unit: str
    day: str | None = None
    per_professional: bool = False

    @property
    def year(self) -> str:
        """The parameter that caps a civil year."""
        return f"{self.contribution}.year"

    def scope(self, professional: str) -> str | None:
        """Whose daily cap it is, if there is one."""
        return f"{self.day}/{professional}" if self.per_professional else self.day


_participation = Rule(Contribution.PARTICIPATION, "participation.act", "participation.day", per_professional=True)
RULES: Mapping[Nature, Rule] = {
    Nature.PHYSICIAN: _participation,
    Nature.BIOLOGY: _participation,
    Nature.PARAMEDICAL: Rule(Contribution.FRANCHISE, "franchise.paramedical-act", "franchise.paramedical-day"),
    Nature.PHARMACY: Rule(Contribution.FRANCHISE, "franchise.box"),
    Nature.TRANSPORT: Rule(Contribution.FRANCHISE, "franchise.transport-leg", "franchise.transport-day"),
}


@dataclass(frozen=True)
class Day:
    """What one day has used of a daily cap; `scope` is whose cap it is."""

    on: date
    scope: str
    cents: int


@dataclass(frozen=True)
class Counter:
    """What one beneficiary owes for the care of one civil year, withheld yet or not."""

    beneficiary: str
    year: int
    participation_cents: int = 0
    franchise_cents: int = 0
    days: tuple[Day, ...] = ()

    def used(self, contribution: Contribution) -> int:
        """Cents of the yearly cap that are used."""
        return self.participation_cents if contribution is Contribution.PARTICIPATION else self.franchise_cents

    def used_on(self, on: date, scope: str) -> int:
        """Cents of a daily cap that are used."""
        return sum(day.cents for day in self.days if (day.on, day.scope) == (on, scope))

    def plus(self, contribution: Contribution, cents: int, on: date, scope: str | None) -> "Counter":
        """The counter once this is owed too."""
        days = self.days
        if scope and cents:
            others = tuple(day for day in self.days if (day.on, day.scope) != (on, scope))
            days = (*others, Day(on, scope, self.used_on(on, scope) + cents))
        if contribution is Contribution.PARTICIPATION:
            return replace(self, participation_cents=self.participation_cents + cents, days=days)
        return replace(self, franchise_cents=self.franchise_cents + cents, days=days)


@dataclass(frozen=True)
class Cap:
    """A cap that a line met: how much of it was used before and after."""

    parameter: Parameter
    before_cents: int
    after_cents: int


@dataclass(frozen=True)
class Due:
    """What a line calls for, and why that much."""

    rule: Rule
    parameter: Parameter
    cents: int
    reason: Reason
    caps: tuple[Cap, ...] = ()


def due(settled: CareSettled, counter: Counter, parameters: Parameters) -> tuple[Due | None, Counter]:
    """What the patient owes on this line, and the counter after it.

    None when nothing of the kind exists for this nature of act, or did not on the day of care. Amounts and
    caps are those of the day of care (domain 3.9, 3.10).
    """
    rule = RULES.get(settled.nature)
    unit = parameters.find(rule.unit, settled.care_date) if rule else None
    if rule is None or unit is None:
        return None, counter
    if reason := _spared(settled, parameters):
        return Due(rule, unit, 0, reason), counter
    return _capped(settled, rule, unit, counter, parameters)


def _spared(settled: CareSettled, parameters: Parameters) -> Reason | None:
    """Why nothing at all is owed on this line, if so."""
    if settled.exempt:
        return Reason.EXEMPT
    if is_minor(settled.beneficiary_birth_date, settled.care_date, parameters):
        return Reason.MINOR
    if settled.base_cents * settled.rate_percent == 0:
        return Reason.NOT_COVERED
    return None


def is_minor(birth: BirthDate, care: date, parameters: Parameters) -> bool:
    """Whether the patient was too young to owe a contribution (sources differ on the day that counts).

    Who may have been too young, since civil status does not know the day of birth, was.
    """
    by_year = parameters.get("contribution.age-on-1-january", care).value
    tested_on = date(care.year, 1, 1) if by_year else care
    return years_before(tested_on, parameters.get("contribution.age", care).value) < birth.latest


def _capped(
    settled: CareSettled, rule: Rule, unit: Parameter, counter: Counter, parameters: Parameters
) -> tuple[Due, Counter]:
    on = settled.care_date
    scope = rule.scope(settled.professional)
    used_today, used_this_year = counter.used_on(on, scope) if scope else 0, counter.used(rule.contribution)
    cents, reason = unit.value * settled.units, Reason.FULL
    day = parameters.get(rule.day, on) if rule.day else None
    year = parameters.get(rule.year, on)
    if day and cents > day.value - used_today:
        cents, reason = max(day.value - used_today, 0), Reason.DAILY_CAP
    if cents > year.value - used_this_year:
        cents, reason = max(year.value - used_this_year, 0), Reason.YEARLY_CAP
    caps = (Cap(day, used_today, used_today + cents),) if day else ()
    caps = (*caps, Cap(year, used_this_year, used_this_year + cents))
    return Due(rule, unit, cents, reason, caps), counter.plus(rule.contribution, cents, on, scope)
