"""Settled lines for tests: an ordinary one, but for what a test names."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from contracts.caisse import CareSettled

ANNA = UUID("0192b6a0-0000-7000-8000-000000000001")
BEN = UUID("0192b6a0-0000-7000-8000-000000000002")
BENEFICIARY = "Anna ESSAI"


def a_settlement(**but: Any) -> CareSettled:
    """A visit to the general practitioner in the coordinated pathway: 30.00 at 70 %, paid to the insured."""
    usual = {
        "person_id": ANNA,
        "settlement_id": uuid4(),
        "nature": "physician",
        "label": "Consultation généraliste",
        "professional": "Dr DÉMO",
        "beneficiary": BENEFICIARY,
        "beneficiary_birth_date": date(1985, 3, 14),
        "care_date": date(2026, 11, 2),
        "payment_date": date(2026, 11, 5),
        "charged_cents": 3000,
        "base_cents": 3000,
        "rate_percent": 70,
        "payee": "insured",
        "complementary": "auto-sent",
    }
    return CareSettled.model_validate({**usual, **but})


def a_pharmacy_line(boxes: int, **but: Any) -> CareSettled:
    """Medicines at 65 %, the pharmacy paid by the caisse (tiers payant)."""
    usual = {
        "nature": "pharmacy",
        "label": "Pharmacie",
        "professional": "Pharmacie DÉMO",
        "base_cents": 2460,
        "charged_cents": 2460,
        "rate_percent": 65,
        "units": boxes,
        "payee": "third-party",
    }
    return a_settlement(**{**usual, **but})
