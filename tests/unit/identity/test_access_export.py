"""The access log as a file: what it says, and that no spreadsheet computes it."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.channel import Channel
from contracts.identity import LogInWay
from services.identity.api.access_log import wants_csv
from services.identity.domain.access_export import (
    BYTE_ORDER_MARK,
    DOERS,
    FORMULAS,
    PLACES,
    SERVICES,
    WAYS,
    as_csv,
    harmless,
)
from services.identity.domain.access_log import NOTED, Entry, What, Who
from tests.unit.identity.fakes import LUCIE

SESSION = UUID("0192b6a0-0000-7000-8000-000000000009")
LOG_IN = Entry(
    id=SESSION,
    person_id=LUCIE,
    at=datetime(2026, 7, 14, 22, 5, 9, tzinfo=UTC),
    service="identity",
    what=What.LOGGED_IN,
    who=Who.SELF,
    expires_at=datetime(2027, 7, 14, tzinfo=UTC),
    channel=Channel.APP,
    session_id=SESSION,
    way=LogInWay.PASSKEY,
    failed_attempts=2,
)


def rows(written: str) -> list[list[str]]:
    """The cells, as a spreadsheet reads them."""
    assert written.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(StringIO(written.removeprefix(BYTE_ORDER_MARK)), delimiter=";"))


def test_a_line_says_when_in_paris_what_who_and_how_under_french_heads() -> None:
    heads, line = rows(as_csv([LOG_IN], "fr"))
    assert dict(zip(heads, line, strict=True)) == {
        "Date et heure (Paris)": "15/07/2026 00:05:09",
        "Instant (UTC)": "2026-07-14T22:05:09Z",
        "Quoi": "Connexion à votre compte par clé d'accès depuis l'application, après 2 codes faux.",
        "Par qui": "Vous",
        "Par où": "Application",
        "Moyen de connexion": "Clé d'accès",
        "Codes faux auparavant": "2",
        "Service": "Compte",
        "Connexion n°": str(SESSION),
    }
    [heads] = rows(as_csv([], "en"))
    assert heads[2:4] == ["What", "By whom"]


def test_everything_that_is_noted_has_words_in_the_file() -> None:
    assert set(DOERS) == set(Who)
    assert set(PLACES) == {None, *Channel}
    assert set(WAYS) == {None, *LogInWay}
    assert {event.publisher() for event in NOTED} == set(SERVICES)
    whole = [
        replace(LOG_IN, what=what, who=who, channel=None, way=None, session_id=None) for what in What for who in Who
    ]
    assert len(rows(as_csv(whole, "fr"))) == len(whole) + 1


@given(st.text(max_size=20))
def test_no_cell_is_a_formula_and_each_keeps_its_text(text: str) -> None:
    cell = harmless(text)
    assert not cell.startswith(FORMULAS)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_name_that_looks_like_a_formula_comes_as_text(begin: str) -> None:
    [_, line] = rows(as_csv([replace(LOG_IN, service=f"{begin}HYPERLINK(1)")], "fr"))
    assert f"'{begin}HYPERLINK(1)" in line


@pytest.mark.parametrize(
    ("accept", "csv_wanted"),
    [
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("text/csv, */*;q=0.8", True),
        ("application/json;q=0.5, text/csv", True),
        ("application/json, text/csv", False),
        ("application/json, text/csv;q=0.9", False),
        ("text/csv;q=0", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
        ("text/csvx", False),
        (",;q=,/", False),
    ],
)
def test_csv_is_answered_to_whoever_asks_for_it_by_name(accept: str, csv_wanted: bool) -> None:
    assert wants_csv(accept) is csv_wanted
