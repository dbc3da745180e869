"""The routes of payments: the list of the last months, and one payment explained."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork, Language, Today
from chassis.viewings import Noted
from contracts.caisse import Nature, Payee
from contracts.payments import ComplementaryStatus, PaymentKind
from services.payments import handlers
from services.payments.domain import texts
from services.payments.domain.calendar import civil_date
from services.payments.domain.contributions import Cap, Reason
from services.payments.domain.debts import Debt
from services.payments.domain.listing import Page, Wanted, read_cursor
from services.payments.domain.reimbursement import Payment, Step

router = APIRouter(prefix="/payments", tags=["payments"])
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "Unknown, or somebody else's."}}


def _cursor(value: str) -> str:
    read_cursor(value)
    return value


CivilDate = Annotated[date, BeforeValidator(civil_date)]
Cursor = Annotated[str, Field(max_length=120, pattern="^[A-Za-z0-9_=-]+$"), AfterValidator(_cursor)]


class PaymentsFilter(BaseModel):
    """Which payments to list. Dates are payment dates, both included; without them the whole window."""

    model_config = ConfigDict(extra="forbid")

    from_date: CivilDate | None = Field(default=None, alias="from")
    to_date: CivilDate | None = Field(default=None, alias="to")
    kind: PaymentKind | None = None
    beneficiary: str | None = Field(default=None, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")
    cursor: Cursor | None = None

    def wanted(self) -> Wanted:
        """The filter in the words of the domain."""
        after = read_cursor(self.cursor) if self.cursor else None
        return Wanted(self.from_date, self.to_date, self.kind, self.beneficiary, after)


class PaymentLine(BaseModel):
    """One line of the list. `amount_cents` is signed: negative when money was taken back."""

    payment_id: UUID
    kind: PaymentKind
    amount_cents: int
    currency: str = "EUR"
    payment_date: date
    care_date: date
    label: str
    professional: str
    beneficiary: str
    payee: Payee
    complementary: ComplementaryStatus

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """The view of a payment."""
        return cls(**_line(payment))


class Hint(BaseModel):
    """Where to find what this list does not show."""

    text: str
    see: str = "monthly-statements"


class PaymentPage(BaseModel):
    """Some lines, newest first. Payments before `window_from` are in the statements, as `hint` says when asked for."""

    items: list[PaymentLine]
    next_cursor: str | None
    window_from: date
    hint: Hint | None

    @classmethod
    def of(cls, page: Page, language: str) -> Self:
        """The view of a page."""
        return cls(
            items=[PaymentLine.of(payment) for payment in page.payments],
            next_cursor=page.next_position.cursor if page.next_position else None,
            window_from=page.window_from,
            hint=Hint(text=texts.OLDER.in_language(language)) if page.older_asked else None,
        )


class CapView(BaseModel):
    """A daily or yearly cap, and how much of it was used before and after this line."""

    rule: str
    cap_cents: int
    before_cents: int
    after_cents: int
    valid_from: date

    @classmethod
    def of(cls, cap: Cap) -> Self:
        """The view of a cap."""
        rule = cap.parameter
        return cls(
            rule=rule.id,
            cap_cents=rule.value,
            before_cents=cap.before_cents,
            after_cents=cap.after_cents,
            valid_from=rule.valid_from,
        )


class RecoveryView(BaseModel):
    """The debt that a step pays off, and what is left of it."""

    payment_id: UUID
    contribution: str
    care_date: date
    remaining_cents: int

    @classmethod
    def of(cls, debt: Debt) -> Self:
        """The view of a debt."""
        return cls(
            payment_id=debt.payment_id,
            contribution=debt.contribution,
            care_date=debt.care_date,
            remaining_cents=debt.remaining_cents,
        )


class StepView(BaseModel):
    """One step of the calculation. The `amount_cents` of all steps add up to the payment's."""

    rule: str
    label: str
    text: str
    reason: Reason
    amount_cents: int
    due_cents: int
    carried_cents: int
    valid_from: date
    caps: list[CapView]
    recovers: RecoveryView | None

    @classmethod
    def of(cls, step: Step, payment: Payment, language: str) -> Self:
        """The view of a step."""
        return cls(
            rule=step.parameter.id,
            label=texts.label(step).in_language(language),
            text=texts.sentence(step, payment).in_language(language),
            reason=step.reason,
            amount_cents=step.amount_cents,
            due_cents=step.due_cents,
            carried_cents=step.carried_cents,
            valid_from=step.parameter.valid_from,
            caps=[CapView.of(cap) for cap in step.caps],
            recovers=RecoveryView.of(step.recovers) if step.recovers else None,
        )


class PaymentView(PaymentLine):
    """One payment and how its amount was composed ("Pourquoi ce montant ?")."""

    nature: Nature
    units: int
    charged_cents: int
    base_cents: int
    rate_percent: int
    gross_cents: int
    explanation: list[StepView]

    @classmethod
    def explained(cls, payment: Payment, language: str) -> Self:
        """The view of a payment, with sentences in the reader's language."""
        settled = payment.settled
        return cls(
            **_line(payment),
            nature=settled.nature,
            units=settled.units,
            charged_cents=settled.charged_cents,
            base_cents=settled.base_cents,
            rate_percent=settled.rate_percent,
            gross_cents=payment.gross_cents,
            explanation=[StepView.of(step, payment, language) for step in payment.explanation],
        )


def _line(payment: Payment) -> dict[str, Any]:
    settled = payment.settled
    return {
        "payment_id": payment.id,
        "kind": payment.kind,
        "amount_cents": payment.amount_cents,
        "payment_date": settled.payment_date,
        "care_date": settled.care_date,
        "label": settled.label,
        "professional": settled.professional,
        "beneficiary": settled.beneficiary,
        "payee": settled.payee,
        "complementary": settled.complementary,
    }


@router.get("", summary="List the payments of the last months", operation_id="list_payments")
async def list_payments(
    *,
    filters: Annotated[PaymentsFilter, Query()],
    person: CurrentPerson,
    work: CurrentWork,
    noted: Noted,
    today: Today,
    language: Language,
) -> PaymentPage:
    """Newest first, by payment date. A period before the window gives an empty list and says where to look."""
    query = handlers.ListPayments(person.id, filters.wanted(), today)
    page = await work.read(handlers.list_payments, query)
    await noted()
    return PaymentPage.of(page, language)


@router.get("/{payment_id}", summary="Show a payment and explain it", operation_id="show_payment", responses=NOT_FOUND)
async def show_payment(
    payment_id: UUID, person: CurrentPerson, work: CurrentWork, noted: Noted, language: Language
) -> PaymentView:
    """One payment with each step of its calculation."""
    query = handlers.ShowPayment(person.id, payment_id)
    payment = await work.read(handlers.show_payment, query)
    await noted()
    return PaymentView.explained(payment, language)
