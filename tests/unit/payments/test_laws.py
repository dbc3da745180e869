"""What holds for any lines of care in any order: amounts add up, caps hold, nothing owed is lost."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.caisse import CareSettled
from contracts.payments import PaymentKind
from services.payments.domain.contributions import Counter
from services.payments.domain.debts import Debt
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.domain.reimbursement import Payment, compose
from tests.unit.payments.builders import a_settlement

TABLE = Parameters(BUILT_IN)
DAYS = st.integers(0, 400).map(lambda days: date(2025, 6, 1) + timedelta(days=days))
FEW_DAYS = st.sampled_from([date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)])
LINES = st.builds(
    a_settlement,
    nature=st.sampled_from(["physician", "biology", "paramedical", "pharmacy", "transport", "other"]),
    professional=st.sampled_from(["Dr A", "Dr B"]),
    beneficiary=st.sampled_from(["Anna", "Ben"]),
    beneficiary_birth_date=st.sampled_from([date(1985, 3, 14), date(2008, 1, 1)]),
    care_date=st.one_of(DAYS, FEW_DAYS),
    payment_date=st.integers(0, 60).map(lambda days: date(2026, 7, 6) + timedelta(days=days)),
    base_cents=st.integers(0, 20_000),
    rate_percent=st.integers(0, 100),
    units=st.integers(1, 30),
    exempt=st.booleans(),
    payee=st.sampled_from(["insured", "third-party"]),
)


class File:
    """The file of one insured person, after some lines in a row."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, int], Counter] = {}
        self.debts: dict[object, Debt] = {}
        self.payments: list[Payment] = []

    def pay(self, settled: CareSettled) -> None:
        key = settled.beneficiary, settled.care_date.year
        open_debts = [debt for debt in self.debts.values() if debt.remaining_cents]
        result, _ = compose(settled, self.counters.get(key, Counter(*key)), open_debts, TABLE)
        self.counters[key] = result.counter
        self.debts.update({debt.payment_id: debt for debt in result.debts})
        self.payments.append(result.payment)


@given(st.lists(LINES, max_size=25))
def test_any_lines_in_any_order_add_up_and_stay_within_every_cap(lines: list[CareSettled]) -> None:
    file = File()
    for line in lines:
        file.pay(line)

    due = withheld = 0
    days: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for payment in file.payments:
        settled, steps = payment.settled, payment.explanation
        assert sum(step.amount_cents for step in steps) == payment.amount_cents
        assert 0 <= payment.amount_cents <= payment.gross_cents
        assert payment.kind is PaymentKind.CARE or payment.amount_cents == payment.gross_cents
        due += sum(step.due_cents for step in steps)
        withheld -= sum(step.amount_cents for step in steps[1:])
        for step in steps[1:]:
            assert step.recovers or step.due_cents == step.carried_cents - step.amount_cents
            assert all(cap.after_cents <= cap.parameter.value for cap in step.caps)
            who = settled.professional if step.parameter.id == "participation.act" else ""
            days[settled.beneficiary, settled.care_date, step.parameter.id, who] += step.due_cents
    assert due == withheld + sum(debt.remaining_cents for debt in file.debts.values())
    assert due == sum(each.participation_cents + each.franchise_cents for each in file.counters.values())
    for counter in file.counters.values():
        assert max(counter.participation_cents, counter.franchise_cents) <= 5000
    limits = {"participation.act": 800, "franchise.paramedical-act": 400, "franchise.transport-leg": 800}
    for (_, _, rule, _), cents in days.items():
        assert cents <= limits.get(str(rule), 5000)


@given(st.lists(LINES, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_neither_caps_nor_what_a_day_owes(lines: list[CareSettled], chance: Any) -> None:
    first, second = File(), File()
    shuffled = [*lines]
    chance.shuffle(shuffled)
    for line in lines:
        first.pay(line)
    for line in shuffled:
        second.pay(line)
    for key, counter in first.counters.items():
        other = second.counters[key]
        assert counter.participation_cents == other.participation_cents
        assert counter.franchise_cents == other.franchise_cents
