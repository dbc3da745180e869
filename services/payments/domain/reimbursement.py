"""How the amount of a line is composed, step by step, so that it can be explained to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from contracts.caisse import CareSettled, Payee
from contracts.parameters import Parameter
from contracts.payments import PaymentKind, ReimbursementPaid
from contracts.problems import Problem, Text
from services.payments.domain.contributions import Cap, Counter, Due, Reason, due
from services.payments.domain.debts import Debt, Recovery, recover
from services.payments.domain.parameters import Parameters


class SettlementChanged(Problem):
    """One settlement id names one line for ever; paying a second content under it would pay twice or differently."""

    title = Text("Ligne de décompte déjà payée", "Settlement line already paid")

    def __init__(self, settlement_id: UUID) -> None:
        super().__init__(
            Text(
                "Donnez un nouvel identifiant à la ligne corrigée.",
                "Give the corrected line an identifier of its own.",
            ),
            settlement_id=settlement_id,
        )


class SettlementIncoherent(Problem):
    """Care is given after birth and paid after it was given; anything else is a mistake of the file."""

    status = 422
    title = Text("Dates de décompte incohérentes", "Inconsistent settlement dates")

    def __init__(self, settlement_id: UUID) -> None:
        super().__init__(
            Text("Corrigez les dates de la ligne.", "Correct the dates of the line."), settlement_id=settlement_id
        )


@dataclass(frozen=True)
class Step:
    """One step of a calculation: what it adds to the amount, under which rule, and why that much.

    A contribution of `due_cents` is withheld here or carried as a debt; `recovers` is the payment and
    the debt, as it is left, that a step pays off.
    """

    parameter: Parameter
    amount_cents: int
    reason: Reason
    due_cents: int = 0
    carried_cents: int = 0
    caps: tuple[Cap, ...] = ()
    recovers: Debt | None = None


@dataclass(frozen=True)
class Payment:
    """A line of the payments list. It keeps what the caisse settled, so that it can be calculated again."""

    id: UUID
    settled: CareSettled
    kind: PaymentKind
    gross_cents: int
    amount_cents: int
    explanation: tuple[Step, ...]


@dataclass(frozen=True)
class Composed:
    """A new payment with what it changed: the patient's counter, and the debts opened or paid off."""

    payment: Payment
    counter: Counter
    debts: tuple[Debt, ...]


def payment_id(settlement_id: UUID) -> UUID:
    """The id of the payment of a settled line, the same whenever it is asked for."""
    return uuid5(settlement_id, "payment")


def recognise(known: Payment, settled: CareSettled) -> Payment:
    """The payment of a line that comes again. Raises SettlementChanged when the line is not the same."""
    if known.settled != settled:
        raise SettlementChanged(settled.settlement_id)
    return known


def compose(
    settled: CareSettled, counter: Counter, debts: Sequence[Debt], parameters: Parameters
) -> tuple[Composed, ReimbursementPaid]:
    """What is paid for a settled line. Raises SettlementIncoherent.

    Contributions are taken after the rate and never below zero; what is left of them, and all of them when
    a third party is paid, becomes a debt that later lines paid to the insured pay off (domain 3.8).
    """
    if not settled.beneficiary_birth_date.earliest <= settled.care_date <= settled.payment_date:
        raise SettlementIncoherent(settled.settlement_id)
    to_insured = settled.payee is Payee.INSURED
    gross = _gross(settled, parameters)
    asked, counter = due(settled, counter, parameters)
    withheld = min(asked.cents, gross.amount_cents) if asked and to_insured else 0
    years = parameters.get("contribution.recovery-years", settled.payment_date)
    available = gross.amount_cents - withheld if to_insured else 0
    recoveries = recover(debts, available, settled.payment_date, years)
    steps = (gross, *_own(asked, withheld), *(_recovered(each, years) for each in recoveries))
    payment = Payment(
        id=payment_id(settled.settlement_id),
        settled=settled,
        kind=PaymentKind.CARE if to_insured else PaymentKind.THIRD_PARTY,
        gross_cents=gross.amount_cents,
        amount_cents=sum(step.amount_cents for step in steps),
        explanation=steps,
    )
    opened = _opened(payment, asked, withheld)
    return Composed(payment, counter, (*opened, *(each.debt for each in recoveries))), _paid(payment)


def _gross(settled: CareSettled, parameters: Parameters) -> Step:
    """Base x rate, rounded half up to the cent (domain 3.8)."""
    rounding = parameters.get("reimbursement.gross", settled.payment_date)
    step = 100 * rounding.value
    cents = (2 * settled.base_cents * settled.rate_percent + step) // (2 * step) * rounding.value
    return Step(rounding, cents, Reason.COMPUTED)


def _own(asked: Due | None, withheld: int) -> tuple[Step, ...]:
    if asked is None:
        return ()
    carried = asked.cents - withheld
    return (Step(asked.parameter, -withheld, asked.reason, asked.cents, carried, asked.caps),)


def _recovered(recovery: Recovery, years: Parameter) -> Step:
    return Step(years, -recovery.cents, Reason.RECOVERED, recovers=recovery.debt)


def _opened(payment: Payment, asked: Due | None, withheld: int) -> tuple[Debt, ...]:
    if asked is None or asked.cents == withheld:
        return ()
    settled, rest = payment.settled, asked.cents - withheld
    contribution = asked.rule.contribution
    debt = Debt(payment.id, contribution, settled.beneficiary, settled.care_date, settled.payment_date, rest, rest)
    return (debt,)


def _paid(payment: Payment) -> ReimbursementPaid:
    settled = payment.settled
    return ReimbursementPaid(
        person_id=settled.person_id,
        payment_id=payment.id,
        kind=payment.kind,
        amount_cents=payment.amount_cents,
        payment_date=settled.payment_date,
        care_date=settled.care_date,
        beneficiary=settled.beneficiary,
        complementary=settled.complementary,
    )
