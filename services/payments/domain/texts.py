"""The sentences that explain an amount: "Pourquoi ce montant ?" (domain N1)."""

from collections.abc import Mapping

from contracts.caisse import Payee
from contracts.problems import Text
from services.payments.domain.contributions import Reason
from services.payments.domain.debts import Debt
from services.payments.domain.reimbursement import Payment, Step

NAMES: Mapping[str, Text] = {
    "participation": Text("participation forfaitaire", "flat-rate contribution"),
    "franchise": Text("franchise médicale", "medical deductible"),
}
ONE: Mapping[str, Text] = {
    "participation.act": Text("acte", "act"),
    "franchise.box": Text("boîte", "box"),
    "franchise.paramedical-act": Text("acte paramédical", "paramedical act"),
    "franchise.transport-leg": Text("trajet", "transport leg"),
}
MANY: Mapping[str, Text] = {
    "participation.act": Text("actes", "acts"),
    "franchise.box": Text("boîtes", "boxes"),
    "franchise.paramedical-act": Text("actes paramédicaux", "paramedical acts"),
    "franchise.transport-leg": Text("trajets", "transport legs"),
}
SPARED: Mapping[Reason, Text] = {
    Reason.EXEMPT: Text("ces soins en sont exonérés", "this care is exempt"),
    Reason.MINOR: Text("les mineurs en sont exonérés", "minors are exempt"),
    Reason.NOT_COVERED: Text("ces soins ne sont pas pris en charge", "this care is not covered"),
}
OLDER = Text(
    "Les paiements plus anciens figurent dans vos relevés mensuels.",
    "Older payments are in your monthly statements.",
)


def label(step: Step) -> Text:
    """What a step is, in a few words."""
    match step.reason:
        case Reason.COMPUTED:
            return Text("Base de remboursement × taux", "Reimbursement base × rate")
        case Reason.RECOVERED:
            return Text("Retenue d'un montant resté dû", "Recovery of an amount still owed")
    name = NAMES[step.parameter.id.partition(".")[0]]
    return Text(name.fr.capitalize(), name.en.capitalize())


def sentence(step: Step, payment: Payment) -> Text:
    """Why a step is what it is, with its figures."""
    if step.reason is Reason.COMPUTED:
        return _computed(payment)
    if step.recovers is not None:
        return _recovered(step.recovers)
    if step.reason in SPARED:
        why = SPARED[step.reason]
        return Text(f"Rien n'est retenu : {why.fr}.", f"Nothing is withheld: {why.en}.")
    return _join(_owed(step, payment), _limited(step), _carried(step, payment))


def euros(cents: int) -> Text:
    """An amount of money, as each language writes it."""
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    thousands = f"{whole:,}"
    return Text(f"{sign}{thousands.replace(',', ' ')},{rest:02} €", f"{sign}€{thousands}.{rest:02}")


def _computed(payment: Payment) -> Text:
    settled = payment.settled
    base, gross = euros(settled.base_cents), euros(payment.gross_cents)
    return Text(
        f"{base.fr} × {settled.rate_percent} % = {gross.fr}.", f"{base.en} × {settled.rate_percent}% = {gross.en}."
    )


def _recovered(debt: Debt) -> Text:
    name, care = NAMES[debt.contribution], debt.care_date
    return Text(
        f"La {name.fr} des soins du {care:%d/%m/%Y} n'avait pas encore été retenue.",
        f"The {name.en} for the care of {care:%d/%m/%Y} had not been withheld yet.",
    )


def _owed(step: Step, payment: Payment) -> Text:
    units, value = payment.settled.units, euros(step.parameter.value)
    unit = (MANY if units > 1 else ONE)[step.parameter.id]
    return Text(f"{units} {unit.fr} à {value.fr}.", f"{units} {unit.en} at {value.en}.")


def _limited(step: Step) -> Text:
    due = euros(step.due_cents)
    match step.reason:
        case Reason.DAILY_CAP:
            cap = euros(step.caps[0].parameter.value)
            return Text(
                f"Limité à {due.fr} : le plafond d'une journée est de {cap.fr}.",
                f"Limited to {due.en}: the cap of one day is {cap.en}.",
            )
        case Reason.YEARLY_CAP:
            cap = euros(step.caps[-1].parameter.value)
            return Text(
                f"Limité à {due.fr} : le plafond d'une année est de {cap.fr}.",
                f"Limited to {due.en}: the cap of one year is {cap.en}.",
            )
    return Text("", "")


def _carried(step: Step, payment: Payment) -> Text:
    if not step.carried_cents:
        return Text("", "")
    carried = euros(step.carried_cents)
    if payment.settled.payee is Payee.THIRD_PARTY:
        return Text(
            f"Un tiers ayant été payé, {carried.fr} seront déduits d'un prochain remboursement.",
            f"A third party was paid, so {carried.en} will be deducted from a later reimbursement.",
        )
    return Text(
        f"{carried.fr} seront déduits d'un prochain remboursement.",
        f"{carried.en} will be deducted from a later reimbursement.",
    )


def _join(*parts: Text) -> Text:
    return Text(" ".join(part.fr for part in parts if part.fr), " ".join(part.en for part in parts if part.en))
