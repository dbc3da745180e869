"""A birth date is what civil status knows of it: written with zeros for the rest, and never held against anybody."""

import json
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.birth_date import SCHEMA, BirthDate

WHOLE = st.dates(date(1800, 1, 1), date(2099, 12, 31)).map(BirthDate.of)
ANY = st.one_of(WHOLE, WHOLE.map(lambda each: BirthDate(each.year, each.month)), st.builds(BirthDate, st.just(1955)))
DATES = TypeAdapter(BirthDate)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("1955-03-14", BirthDate(1955, 3, 14)),
        ("1955-03-00", BirthDate(1955, 3)),
        ("1955-00-00", BirthDate(1955)),
        ("1956-02-29", BirthDate(1956, 2, 29)),
    ],
)
def test_unknown_parts_are_written_as_zeros(written: str, known: BirthDate) -> None:
    assert BirthDate.read(written) == known
    assert str(known) == written


@pytest.mark.parametrize(
    "written",
    [
        *("1955-00-14", "1955-02-29", "1955-13-01", "1955-04-31", "0000-00-00", "1700-01-01", "2100-01-01"),
        *("1955-3-14", "14/03/1955", "1955-03-14T00:00:00", "1955-W11-4", "1955", "1955-03", "", " 1955-03-14"),
        *("１９５５-03-14", "1955-03-14\n", "1955–03–14", "+955-03-14"),
    ],
)
def test_what_no_calendar_has_is_refused_and_not_quoted(written: str) -> None:
    with pytest.raises(ValueError, match=r"^not a birth date$"):
        BirthDate.read(written)
    with pytest.raises(ValidationError):
        DATES.validate_json(json.dumps(written))


@given(ANY)
def test_it_travels_as_it_is_written(known: BirthDate) -> None:
    assert BirthDate.read(str(known)) == known
    assert DATES.validate_json(DATES.dump_json(known)) == known
    assert DATES.dump_json(known).decode() == f'"{known}"'
    assert re.fullmatch(str(SCHEMA["pattern"]), str(known))


@given(ANY)
def test_it_lies_between_its_earliest_and_its_latest_day(known: BirthDate) -> None:
    assert known.covers(BirthDate.of(known.earliest))
    assert known.covers(BirthDate.of(known.latest))
    for outside in (known.earliest - timedelta(days=1), known.latest + timedelta(days=1)):
        assert not known.covers(BirthDate.of(outside))


@given(WHOLE)
def test_a_whole_date_is_one_day(known: BirthDate) -> None:
    assert known.earliest == known.latest
    assert DATES.validate_python(known.earliest) == known


@pytest.mark.parametrize("value", [19550314, None, ["1955-00-00"], {"year": 1955}, True])
def test_nothing_but_a_text_is_read(value: object) -> None:
    with pytest.raises(ValidationError):
        DATES.validate_json(json.dumps(value))
