"""The window of the payments list (domain F45) and its pages."""

import base64
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.parameters import Parameter
from services.payments.domain.calendar import civil_date, months_before, years_before
from services.payments.domain.listing import Position, read_cursor, window_from
from services.payments.domain.parameters import BUILT_IN, Parameters


@pytest.mark.parametrize(
    ("today", "opens"),
    [
        (date(2026, 11, 24), date(2026, 5, 24)),
        (date(2026, 8, 31), date(2026, 2, 28)),
        (date(2028, 8, 31), date(2028, 2, 29)),
        (date(2026, 3, 31), date(2025, 9, 30)),
        (date(2026, 6, 1), date(2025, 12, 1)),
    ],
)
def test_the_window_opens_six_calendar_months_ago(today: date, opens: date) -> None:
    assert window_from(today, Parameters(BUILT_IN)) == opens


def test_a_longer_window_is_a_row_of_configuration() -> None:
    longer = Parameters((*BUILT_IN, Parameter("payments.window-months", date(2026, 12, 1), 17, "test")))
    assert window_from(date(2026, 11, 30), longer) == date(2026, 5, 30)
    assert window_from(date(2026, 12, 1), longer) == date(2025, 7, 1)


@given(st.dates(min_value=date(1990, 1, 1)), st.integers(0, 600))
def test_months_before_is_that_many_months_away_and_never_later_in_the_month(day: date, months: int) -> None:
    earlier = months_before(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day <= day.day


def test_a_year_before_29_february_is_28_february() -> None:
    assert years_before(date(2028, 2, 29), 1) == date(2027, 2, 28)


@given(st.dates(), st.uuids())
def test_a_cursor_leads_back_to_its_place(day: date, payment_id: object) -> None:
    position = Position(day, payment_id)  # type: ignore[arg-type]
    assert read_cursor(position.cursor) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "====",
        "AAAA",
        base64.urlsafe_b64encode(b"2026-01-01|no").decode(),
        base64.urlsafe_b64encode(f"20260101|{UUID(int=7)}".encode()).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_text_that_is_no_cursor_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        read_cursor(text)


@pytest.mark.parametrize("text", ["20260101", "2026-1-1", "2026-W01-1", "2026-02-30", "２０２６-01-01", 20260101, None])
def test_a_civil_date_is_written_in_one_way(text: object) -> None:
    assert civil_date("2026-01-31") == date(2026, 1, 31)
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        civil_date(text)
