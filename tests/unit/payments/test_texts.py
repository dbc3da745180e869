""" "Pourquoi ce montant ?": each step explains itself in both languages (domain N1)."""

from datetime import date
from typing import Any

import pytest

from contracts.problems import Text
from services.payments.domain import texts
from services.payments.domain.contributions import Counter
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.domain.reimbursement import Payment, compose
from tests.unit.payments.builders import BENEFICIARY, a_pharmacy_line, a_settlement

TABLE = Parameters(BUILT_IN)


def explained(payment: Payment) -> list[str]:
    return [texts.sentence(step, payment).fr for step in payment.explanation]


def a_payment(counter: Counter | None = None, **but: Any) -> Payment:
    return compose(a_settlement(**but), counter or Counter(BENEFICIARY, 2026), (), TABLE)[0].payment


def test_a_line_that_pays_off_a_debt_tells_which() -> None:
    pharmacy, _ = compose(a_pharmacy_line(3, care_date=date(2026, 11, 1)), Counter(BENEFICIARY, 2026), (), TABLE)
    later, _ = compose(a_settlement(), pharmacy.counter, pharmacy.debts, TABLE)
    assert explained(pharmacy.payment) == [
        "24,60 € × 65 % = 15,99 €.",
        "3 boîtes à 1,00 €. Un tiers ayant été payé, 3,00 € seront déduits d'un prochain remboursement.",
    ]
    assert explained(later.payment) == [
        "30,00 € × 70 % = 21,00 €.",
        "1 acte à 2,00 €.",
        "La franchise médicale des soins du 01/11/2026 n'avait pas encore été retenue.",
    ]
    assert [texts.label(step).fr for step in later.payment.explanation] == [
        "Base de remboursement × taux",
        "Participation forfaitaire",
        "Retenue d'un montant resté dû",
    ]


@pytest.mark.parametrize(
    ("payment", "said"),
    [
        (a_payment(exempt=True), "Rien n'est retenu : ces soins en sont exonérés."),
        (a_payment(beneficiary_birth_date=date(2015, 1, 1)), "Rien n'est retenu : les mineurs en sont exonérés."),
        (a_payment(rate_percent=0), "Rien n'est retenu : ces soins ne sont pas pris en charge."),
        (
            a_payment(Counter(BENEFICIARY, 2026, participation_cents=4900)),
            "1 acte à 2,00 €. Limité à 1,00 € : le plafond d'une année est de 50,00 €.",
        ),
        (
            a_payment(units=5, base_cents=9000),
            "5 actes à 2,00 €. Limité à 8,00 € : le plafond d'une journée est de 8,00 €.",
        ),
        (
            a_payment(base_cents=200),
            "1 acte à 2,00 €. 0,60 € seront déduits d'un prochain remboursement.",
        ),
    ],
)
def test_a_contribution_says_why_it_is_that_much(payment: Payment, said: str) -> None:
    assert explained(payment)[1] == said
    assert texts.sentence(payment.explanation[1], payment).en


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, Text("0,00 €", "€0.00")), (123456, Text("1 234,56 €", "€1,234.56")), (-5, Text("-0,05 €", "-€0.05"))],
)
def test_money_is_written_as_each_language_does(cents: int, text: Text) -> None:
    assert texts.euros(cents) == text
