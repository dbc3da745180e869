"""Ordering a carte Vitale, and following it (domain 3.16, B1)."""

import base64
from datetime import UTC, date, datetime
from itertools import islice
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.birth_date import BirthDate
from contracts.parameters import NotInForce, Parameter
from contracts.problems import Text
from contracts.procedures import Actor, CardOrdered, RequestState
from services.procedures.domain import catalogue
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.domain.requests import (
    ACTORS,
    SYMBOLS,
    Milestone,
    Piece,
    Position,
    Progress,
    Request,
    check_symbol,
    read_cursor,
    tracking_numbers,
)
from services.procedures.domain.vitale_card import OrderAlreadyInProgress, Person, TooYoung, birthday, order_card
from tests.unit.procedures.builders import NOW, TODAY, a_person, a_request

TABLE = Parameters(BUILT_IN)


def order(
    person: Person, *orders: Request, today: date = TODAY, table: Parameters = TABLE
) -> tuple[Request, CardOrdered]:
    return order_card(
        person, orders, request_id=uuid4(), tracking_number="CV-TEST", today=today, now=NOW, parameters=table
    )


def test_an_order_awaits_the_photo_and_the_identity_document_for_two_weeks() -> None:
    request, ordered = order(a_person())
    assert (request.state, request.next_actor) == (RequestState.PIECES_AWAITED, Actor.INSURED)
    assert request.awaited == (Piece.PHOTO, Piece.IDENTITY_DOCUMENT)
    assert (request.ordered_on, request.expected_on) == (TODAY, date(2026, 12, 8))
    assert ordered.model_dump() == {
        "person_id": request.person_id,
        "request_id": request.id,
        "tracking_number": request.tracking_number,
        "kind": request.kind,
        "state": request.state,
        "next_actor": Actor.INSURED,
        "ordered_on": TODAY,
        "expected_on": request.expected_on,
    }


def test_a_second_order_is_refused_until_the_first_is_closed() -> None:
    awaiting = a_request(tracking_number="CV-2222-2222")
    with pytest.raises(OrderAlreadyInProgress) as refused:
        order(a_person(), awaiting)
    assert refused.value.extensions == {"request_id": awaiting.id, "tracking_number": "CV-2222-2222"}
    assert "Envoyez les pièces" in refused.value.detail.fr
    with pytest.raises(OrderAlreadyInProgress) as refused:
        order(a_person(), a_request(RequestState.SHIPPED))
    assert "rien à faire" in refused.value.detail.fr

    request, _ = order(a_person(), a_request(RequestState.CLOSED))
    assert request.is_open


def test_one_is_old_enough_on_the_16th_birthday() -> None:
    person = a_person(birth_date=BirthDate(2010, 11, 25))
    with pytest.raises(TooYoung) as refused:
        order(person)
    assert refused.value.extensions == {"eligible_on": date(2026, 11, 25)}
    assert "25/11/2026" in refused.value.detail.fr
    assert "12 ans" in refused.value.detail.fr
    assert order(person, today=date(2026, 11, 25))


@pytest.mark.parametrize("born", [BirthDate(2010), BirthDate(2010, 11)])
def test_who_may_be_old_enough_is_where_civil_status_does_not_know_the_day(born: BirthDate) -> None:
    assert order(a_person(birth_date=born), today=date(2026, 11, 1))
    with pytest.raises(TooYoung):
        order(a_person(birth_date=born), today=date(2025, 12, 31))


def test_the_age_and_the_delay_are_rows_of_configuration() -> None:
    table = Parameters(
        (
            *BUILT_IN,
            Parameter("vitale-card.age-years", date(2026, 1, 1), 12, "test"),
            Parameter("vitale-card.delay-days", date(2026, 1, 1), 21, "test"),
        )
    )
    request, _ = order(a_person(birth_date=BirthDate(2012, 1, 1)), table=table)
    assert request.expected_on == date(2026, 12, 15)
    with pytest.raises(NotInForce):
        TABLE.get("vitale-card.delay-days", date(2020, 6, 30))


def test_who_is_born_on_29_february_is_a_year_older_on_the_28th() -> None:
    assert birthday(date(2008, 2, 29), 16) == date(2024, 2, 29)
    assert birthday(date(2008, 2, 29), 18) == date(2026, 2, 28)


def test_the_timeline_shows_what_was_what_is_and_what_comes() -> None:
    history = (Milestone(RequestState.PIECES_AWAITED, TODAY), Milestone(RequestState.BEING_CHECKED, date(2026, 11, 26)))
    steps = a_request(history=history).timeline()
    assert [(step.state.value, step.progress.value, step.on) for step in steps] == [
        ("pieces-awaited", "done", TODAY),
        ("being-checked", "current", date(2026, 11, 26)),
        ("in-production", "to-come", None),
        ("shipped", "to-come", None),
        ("closed", "to-come", None),
    ]
    assert [step.next_actor for step in steps] == [ACTORS[step.state] for step in steps]


def test_a_request_that_goes_back_shows_both_times() -> None:
    back = [RequestState.PIECES_AWAITED, RequestState.BEING_CHECKED, RequestState.PIECES_AWAITED]
    steps = a_request(history=tuple(Milestone(state, TODAY) for state in back)).timeline()
    assert [step.state for step in steps[:3]] == back
    assert [step.progress for step in steps].count(Progress.CURRENT) == 1
    assert len(steps) == 7


def test_nothing_is_going_on_in_a_closed_request() -> None:
    closed = a_request(RequestState.CLOSED)
    assert (closed.next_actor, closed.is_open) == (None, False)
    assert [step.progress for step in closed.timeline()] == [Progress.DONE]


@given(st.uuids())
def test_a_tracking_number_is_readable_and_always_the_same(request_id: UUID) -> None:
    first, second = islice(tracking_numbers(request_id, "CV"), 2)
    assert first != second
    assert first == next(tracking_numbers(request_id, "CV"))
    prefix, *groups = first.split("-")
    written = "".join(groups)
    assert (prefix, [len(group) for group in groups]) == ("CV", [4, 4])
    assert set(written) <= set(SYMBOLS)
    assert check_symbol(written[:-1]) == written[-1]


@given(st.text(SYMBOLS, min_size=7, max_size=7), st.integers(0, 6), st.sampled_from(SYMBOLS))
def test_one_wrong_symbol_or_two_exchanged_ones_change_the_check(written: str, place: int, wrong: str) -> None:
    changed = written[:place] + wrong + written[place + 1 :]
    assert changed == written or check_symbol(changed) != check_symbol(written)
    exchanged = written[:place] + written[place : place + 2][::-1] + written[place + 2 :]
    assert exchanged == written or check_symbol(exchanged) != check_symbol(written)


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_leads_back_to_its_place(at: datetime, request_id: UUID) -> None:
    position = Position(at, request_id)
    assert read_cursor(position.cursor) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "é",
        "AAAA",
        *(
            base64.urlsafe_b64encode(f"{at}|{UUID(int=7)}".encode()).decode()
            for at in ("2026-11-24", "2026-11-24T09:30:00", "0001-01-01T00:00:00+14:00", "2026-11-24T09:30:00Z")
        ),
    ],
)
def test_a_text_that_is_no_cursor_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        read_cursor(text)


def test_the_catalogue_says_who_can_ask_for_what() -> None:
    (card,) = catalogue.catalogue(TODAY, TABLE)
    assert card.expected_days == 14
    assert card.eligibility.fr.startswith("Dès 16 ans")


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (catalogue.STATES, RequestState),
        (catalogue.PIECES, Piece),
        (catalogue.ACTS, [*Actor, None]),
    ],
)
def test_everything_a_person_may_see_has_words(table: dict[object, Text], names: list[object]) -> None:
    assert set(table) == set(names)
    assert all(text.fr and text.en for text in table.values())
