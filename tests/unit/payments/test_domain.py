"""How an amount is composed: the vectors of domain 3.8 to 3.10."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from contracts.birth_date import BirthDate
from contracts.caisse import CareSettled
from contracts.parameters import NotInForce, Parameter
from contracts.payments import PaymentKind
from services.payments.domain.contributions import Contribution, Counter, Day, Reason, is_minor
from services.payments.domain.debts import Debt
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.domain.reimbursement import Composed, SettlementIncoherent, compose, payment_id
from tests.unit.payments.builders import BENEFICIARY, a_pharmacy_line, a_settlement

TABLE = Parameters(BUILT_IN)
CHILD = date(2019, 6, 2)


def fresh(settled: CareSettled) -> Counter:
    return Counter(settled.beneficiary, settled.care_date.year)


def composed(
    settled: CareSettled, counter: Counter | None = None, debts: Sequence[Debt] = (), table: Parameters = TABLE
) -> Composed:
    return compose(settled, counter or fresh(settled), debts, table)[0]


def amount(settled: CareSettled, counter: Counter | None = None, debts: Sequence[Debt] = ()) -> int:
    return composed(settled, counter, debts).payment.amount_cents


def owed(result: Composed) -> int:
    return sum(debt.remaining_cents for debt in result.debts)


def physiotherapy(**but: Any) -> CareSettled:
    usual = {"nature": "paramedical", "professional": "Kiné DÉMO", "base_cents": 1613, "rate_percent": 60}
    return a_settlement(**{**usual, **but})


def transport(legs: int, **but: Any) -> CareSettled:
    return a_settlement(**{"nature": "transport", "base_cents": 9000, "rate_percent": 65, "units": legs, **but})


@pytest.mark.parametrize(
    ("settled", "paid"),
    [
        (a_settlement(), 1900),
        (a_settlement(rate_percent=30), 700),
        (a_settlement(rate_percent=100), 2800),
        (a_settlement(beneficiary_birth_date=CHILD), 2100),
        (physiotherapy(), 868),
        (a_settlement(rate_percent=100, exempt=True), 3000),
    ],
    ids=["pathway", "no attending physician", "ald", "child of 7", "physiotherapy", "maternity from the 6th month"],
)
def test_the_amounts_of_2026_are_those_of_the_caisse(settled: CareSettled, paid: int) -> None:
    assert amount(settled) == paid
    assert owed(composed(settled)) == 0


def test_a_third_party_is_paid_in_full_and_a_later_line_of_the_insured_pays_the_franchise() -> None:
    pharmacy = composed(a_pharmacy_line(boxes=3))
    assert (pharmacy.payment.kind, pharmacy.payment.amount_cents) == (PaymentKind.THIRD_PARTY, 1599)
    assert owed(pharmacy) == 300

    later = composed(a_settlement(), pharmacy.counter, pharmacy.debts)
    assert (later.payment.kind, later.payment.amount_cents) == (PaymentKind.CARE, 1600)
    assert owed(later) == 0
    assert (later.counter.participation_cents, later.counter.franchise_cents) == (200, 300)


def test_the_last_line_below_a_yearly_cap_withholds_only_what_is_left_of_it() -> None:
    counter = Counter(BENEFICIARY, 2026, participation_cents=4900)
    step = composed(a_settlement(), counter).payment.explanation[1]
    assert amount(a_settlement(), counter) == 2000
    assert step.reason is Reason.YEARLY_CAP
    assert [(cap.parameter.id, cap.before_cents, cap.after_cents) for cap in step.caps] == [
        ("participation.day", 0, 100),
        ("participation.year", 4900, 5000),
    ]
    assert amount(a_settlement(), replace(counter, participation_cents=5000)) == 2100


def test_the_two_contributions_have_caps_of_their_own() -> None:
    full = Counter(BENEFICIARY, 2026, participation_cents=5000)
    assert owed(composed(a_pharmacy_line(boxes=3), full)) == 300
    assert owed(composed(a_pharmacy_line(boxes=3), Counter(BENEFICIARY, 2026, franchise_cents=4900))) == 100


def test_one_professional_takes_8_euros_a_day_at_most() -> None:
    analyses = a_settlement(nature="biology", professional="Labo DÉMO", base_cents=5000, rate_percent=60, units=5)
    first = composed(analyses)
    assert first.payment.amount_cents == 3000 - 800
    assert first.payment.explanation[1].reason is Reason.DAILY_CAP

    same_day = {"person_id": analyses.person_id, "care_date": analyses.care_date}
    again = a_settlement(**same_day, nature="physician", professional="Labo DÉMO")
    elsewhere = a_settlement(**same_day, professional="Dr AUTRE")
    tomorrow = a_settlement(care_date=date(2026, 11, 3), professional="Labo DÉMO")
    assert [amount(line, first.counter) for line in (again, elsewhere, tomorrow)] == [2100, 1900, 1900]


def test_paramedical_acts_cost_4_euros_a_day_at_most_whoever_gives_them() -> None:
    first = composed(physiotherapy(units=3, base_cents=4839))
    nurse = composed(physiotherapy(units=3, base_cents=4839, professional="Infirmière DÉMO"), first.counter)
    assert [each.payment.explanation[1].due_cents for each in (first, nurse)] == [300, 100]


def test_a_return_trip_costs_8_euros_and_a_third_leg_nothing() -> None:
    trip = composed(transport(2))
    assert trip.payment.amount_cents == 5850 - 800
    assert amount(transport(1), trip.counter) == 5850


def test_boxes_have_no_daily_cap_but_share_the_yearly_one() -> None:
    many = composed(a_pharmacy_line(boxes=47))
    assert owed(many) == 4700
    act = composed(physiotherapy(units=4, base_cents=6452), many.counter)
    assert act.payment.explanation[1].due_cents == 300
    assert owed(composed(transport(1), act.counter)) == 0


@pytest.mark.parametrize(
    ("settled", "due"),
    [
        (a_settlement(care_date=date(2024, 5, 14)), 100),
        (a_settlement(care_date=date(2024, 5, 15)), 200),
        (a_settlement(care_date=date(2024, 5, 14), units=6, base_cents=9000), 400),
        (a_pharmacy_line(1, care_date=date(2024, 3, 30)), 50),
        (a_pharmacy_line(1, care_date=date(2024, 3, 31)), 100),
        (physiotherapy(care_date=date(2024, 3, 30), units=9), 200),
        (transport(1, care_date=date(2024, 3, 30)), 200),
        (transport(4, care_date=date(2024, 3, 30)), 400),
    ],
)
def test_the_day_of_care_decides_which_amount_holds(settled: CareSettled, due: int) -> None:
    assert composed(settled).payment.explanation[1].due_cents == due


def test_care_before_a_contribution_existed_owes_none() -> None:
    assert len(composed(a_settlement(care_date=date(2004, 12, 31))).payment.explanation) == 1
    with pytest.raises(NotInForce):
        TABLE.get("participation.act", date(2004, 12, 31))


def test_a_contribution_is_due_from_the_18th_birthday() -> None:
    birth = BirthDate(2007, 9, 14)
    assert is_minor(birth, date(2025, 9, 13), TABLE)
    assert not is_minor(birth, date(2025, 9, 14), TABLE)
    in_january = Parameters((*BUILT_IN, Parameter("contribution.age-on-1-january", date(2025, 1, 1), 1, "test")))
    assert is_minor(birth, date(2025, 12, 31), in_january)
    assert not is_minor(birth, date(2026, 1, 1), in_january)


def test_who_may_be_a_minor_owes_no_contribution_where_civil_status_does_not_know_the_day() -> None:
    year, month = BirthDate(2007), BirthDate(2007, 9)
    assert is_minor(year, date(2025, 12, 30), TABLE)
    assert not is_minor(year, date(2025, 12, 31), TABLE)
    assert is_minor(month, date(2025, 9, 29), TABLE)
    assert not is_minor(month, date(2025, 9, 30), TABLE)
    assert amount(a_settlement(beneficiary_birth_date="2025-00-00", care_date=date(2025, 1, 1))) == 2100


def test_a_line_smaller_than_its_contribution_is_paid_zero_and_leaves_a_debt() -> None:
    small = composed(a_settlement(base_cents=200))
    assert small.payment.amount_cents == 0
    assert (small.payment.explanation[1].due_cents, small.payment.explanation[1].carried_cents) == (200, 60)
    assert owed(small) == 60


def test_an_act_that_is_not_covered_owes_nothing() -> None:
    result = composed(a_settlement(rate_percent=0))
    assert result.payment.explanation[1].reason is Reason.NOT_COVERED
    assert result.counter == fresh(result.payment.settled)


def test_other_natures_owe_no_contribution() -> None:
    dentist = composed(a_settlement(nature="other", base_cents=2892))
    assert dentist.payment.amount_cents == 2024
    assert len(dentist.payment.explanation) == 1


def test_the_oldest_debts_are_paid_first_and_lapsed_ones_never() -> None:
    paid_on = date(2026, 11, 5)

    def debt(since: date) -> Debt:
        return Debt(uuid4(), Contribution.FRANCHISE, BENEFICIARY, since, since, 300, 300)

    lapsed, oldest, newest = debt(date(2021, 11, 4)), debt(date(2021, 11, 5)), debt(date(2026, 1, 1))
    line = composed(a_settlement(base_cents=1000, payment_date=paid_on), debts=[newest, lapsed, oldest])
    assert line.payment.amount_cents == 0
    assert line.debts == (replace(oldest, remaining_cents=0), replace(newest, remaining_cents=100))
    assert [step.amount_cents for step in line.payment.explanation] == [700, -200, -300, -200]


@pytest.mark.parametrize("but", [{"payment_date": date(2026, 11, 1)}, {"beneficiary_birth_date": date(2026, 11, 3)}])
def test_a_line_whose_dates_cannot_be_is_refused(but: dict[str, date]) -> None:
    with pytest.raises(SettlementIncoherent):
        composed(a_settlement(**but))


def test_a_configured_row_replaces_the_built_in_one() -> None:
    tripled = Parameters((*BUILT_IN, Parameter("participation.act", date(2026, 1, 1), 300, "test")))
    assert composed(a_settlement(), table=tripled).payment.amount_cents == 1800
    assert composed(a_settlement(care_date=date(2025, 12, 31)), table=tripled).payment.amount_cents == 1900


def test_the_event_says_what_the_home_page_shows() -> None:
    settled = a_settlement()
    result, paid = compose(settled, fresh(settled), (), TABLE)
    assert paid.model_dump(exclude={"person_id"}) == {
        "payment_id": payment_id(settled.settlement_id),
        "kind": PaymentKind.CARE,
        "amount_cents": result.payment.amount_cents,
        "payment_date": settled.payment_date,
        "care_date": settled.care_date,
        "beneficiary": settled.beneficiary,
        "complementary": settled.complementary,
    }


def test_a_counter_adds_up_one_day_of_one_professional() -> None:
    on = date(2026, 1, 2)
    counter = (
        Counter("Anna", 2026)
        .plus(Contribution.PARTICIPATION, 200, on, "a")
        .plus(Contribution.PARTICIPATION, 300, on, "a")
    )
    assert counter.days == (Day(on, "a", 500),)
