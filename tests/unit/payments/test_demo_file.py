"""The caisse's demo file gives the amounts that domain 4 documents."""

from collections import defaultdict
from datetime import date

from contracts.caisse import CareSettled
from deploy.demo.people import person_id, settlements_file
from services.payments import handlers
from services.payments.domain.reimbursement import Payment
from tests.unit.payments.fakes import FakeStore


async def paid() -> tuple[FakeStore, dict[str, dict[date, Payment]]]:
    """The payments of each demo person, by day of care."""
    store, found = FakeStore(), defaultdict[str, dict[date, Payment]](dict)
    names = {person_id(f"P{number}"): f"P{number}" for number in range(1, 11)}
    for line in settlements_file():
        settled = CareSettled.model_validate(line)
        payment = await handlers.pay_reimbursement(settled, store)
        found[names[settled.person_id]][settled.care_date] = payment
    return store, found


async def test_the_demo_people_get_the_amounts_of_the_specification() -> None:
    store, found = await paid()
    amounts = {name: [payment.amount_cents for payment in mine.values()] for name, mine in found.items()}
    assert amounts["P1"] == [1900, 1599, 1600]
    assert amounts["P4"] == [3000 * 70 // 100]
    assert amounts["P8"] == [700]
    assert amounts["P9"] == [1900, 3000]
    assert found["P3"][date(2026, 10, 5)].amount_cents == 3000

    lucie = await store.counter(person_id("P1"), "Lucie EXEMPLE", 2026)
    assert (lucie.participation_cents, lucie.franchise_cents) == (400, 300)
    for name in amounts:
        assert await store.debts(person_id(name)) == []


async def test_ange_reaches_both_caps_on_the_documented_days() -> None:
    _, found = await paid()

    def used(day: date) -> int:
        return found["P3"][day].explanation[1].caps[-1].after_cents

    assert used(date(2026, 8, 2)) == 5000
    assert used(date(2026, 6, 22)) < 5000
    assert used(date(2026, 9, 14)) == 5000
    assert used(date(2026, 8, 24)) < 5000
    acts = [payment.settled.units for day, payment in found["P3"].items() if _is_act(payment, day)]
    assert sum(acts) == 25


def _is_act(payment: Payment, day: date) -> bool:
    return payment.settled.nature in {"physician", "biology"} and day <= date(2026, 9, 14)
