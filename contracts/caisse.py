"""What a caisse's information system publishes to us, on the topic `payments.inbound`."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.birth_date import BirthDate
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


Cents = Annotated[int, Field(ge=0, le=10**9)]
Name = Annotated[str, Field(min_length=1, max_length=120)]


# A caisse's own system says which caisse it is; a system of several says none.
SOURCE = r"/caisse(/[0-9][0-9AB][0-9]?)?"


class CareSettled(Event, type="caisse.CareSettled.v1", topic="payments.inbound", source=SOURCE):
    """The caisse settled one line of care: its base and rate are decided, deductions are not taken yet.

    `settlement_id` names the line in the caisse's file and never changes. `beneficiary` names the patient,
    always alike within one insured person's file. `units` counts acts, boxes or transport legs; `exempt`
    says that no participation or franchise is owed on this line. Amounts are cents of EUR.
    """

    settlement_id: UUID
    nature: Nature
    label: Name
    professional: Name
    beneficiary: Name
    beneficiary_birth_date: BirthDate
    care_date: date
    payment_date: date
    charged_cents: Cents
    base_cents: Cents
    rate_percent: Annotated[int, Field(ge=0, le=100)]
    units: Annotated[int, Field(ge=1, le=999)] = 1
    exempt: bool = False
    payee: Payee
    complementary: ComplementaryStatus
