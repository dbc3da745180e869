"""Persons and requests for tests: ordinary ones, but for what a test names."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.birth_date import BirthDate
from contracts.procedures import RequestKind, RequestState
from services.procedures.domain.requests import Milestone, Piece, Request
from services.procedures.domain.vitale_card import Person

ANNA = UUID("0192b6a0-0000-7000-8000-000000000001")
BEN = UUID("0192b6a0-0000-7000-8000-000000000002")
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def a_person(**but: Any) -> Person:
    """An adult."""
    return replace(Person(ANNA, "Anna", "ESSAI", BirthDate(1985, 3, 14), "291"), **but)


def a_request(state: RequestState = RequestState.PIECES_AWAITED, **but: Any) -> Request:
    """An order of a carte Vitale in this state."""
    request_id = uuid4()
    usual = Request(
        id=request_id,
        person_id=ANNA,
        kind=RequestKind.VITALE_CARD_ORDER,
        tracking_number=f"CV-{request_id}",
        ordered_at=NOW,
        ordered_on=TODAY,
        expected_on=date(2026, 12, 8),
        awaited=(Piece.PHOTO, Piece.IDENTITY_DOCUMENT),
        history=(Milestone(state, TODAY),),
    )
    return replace(usual, **but)
