"""What a caisse's information system publishes to us, on the topic `payments.inbound`."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.event import Event
from contracts.payments import ComplementaryStatus


class Nature(StrEnum):
    """Nature of an act (nature de la prestation), as far as rates and deductions depend on it."""

    PHYSICIAN = "physician"
    BIOLOGY = "biology"
    PARAMEDICAL = "paramedical"
    PHARMACY = "pharmacy"
    TRANSPORT = "transport"
    OTHER = "other"


class Payee(StrEnum):
    """Who gets the money: the insured person, or a third party (tiers payant)."""

    INSURED = "insured"
    THIRD_PARTY = "third-party"


class CareSettled(Event, type="caisse.CareSettled.v1", topic="payments.inbound"):
    """The caisse settled one act of care: its base and rate are decided, deductions are not taken yet.

    `settlement_id` names the line in the caisse's file and never changes; `units` counts boxes,
    paramedical acts or transport legs; `exempt` says the person owes no participation or franchise
    on this line. Amounts are cents of EUR.
    """

    settlement_id: UUID
    nature: Nature
    label: str
    professional: str
    beneficiary: str
    beneficiary_birth_date: date
    care_date: date
    payment_date: date
    charged_cents: int
    base_cents: int
    rate_percent: int
    units: int = 1
    exempt: bool = False
    payee: Payee
    complementary: ComplementaryStatus
