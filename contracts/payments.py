"""What payments publishes: what was paid, to whom, and how the amount was composed."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.event import Event
from contracts.viewing import Viewed


class PaymentKind(StrEnum):
    """What a line of the payments list is."""

    CARE = "care"
    THIRD_PARTY = "third-party"
    DAILY_ALLOWANCE = "daily-allowance"
    RECOVERY = "recovery"


class ComplementaryStatus(StrEnum):
    """What became of the line towards the complementary insurer (organisme complémentaire)."""

    AUTO_SENT = "auto-sent"
    TO_SEND_YOURSELF = "to-send-yourself"
    NONE = "none"


class ReimbursementPaid(Event, type="payments.ReimbursementPaid.v1"):
    """A reimbursement (remboursement) was paid to the insured person or to a third party.

    Amounts are cents of EUR, signed: negative when money was taken back.
    """

    payment_id: UUID
    kind: PaymentKind
    amount_cents: int
    payment_date: date
    care_date: date
    beneficiary: str
    complementary: ComplementaryStatus


class PaymentsViewed(Viewed, type="payments.PaymentsViewed.v1"):
    """A person's payments were looked at; said once for each session that does."""
