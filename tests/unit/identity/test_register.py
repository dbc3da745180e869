"""Lines of the caisse's register: what is taken, and how a wrong one is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.identity.domain.insured import CardState
from services.identity.register import WrongLine, read_line
from tests.unit.identity.fakes import lucie

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "insured.ndjson"
LINE = {
    "person_id": "3d37f52a-7789-5513-a1f7-32c97a53614a",
    "nir": "2 85 03 29 990 901 95",
    "birth_last_name": "EXEMPLE",
    "first_name": "Lucie",
    "birth_date": "1985-03-14",
    "postal_code": "29200",
    "caisse": "29",
    "regime": "general",
    "iban": "fr59 1234 5123 4500 00de mo00 115",
    "vitale_serial": "9000000001",
}


def line(**but: Any) -> bytes:
    return json.dumps({**LINE, **but}).encode()


def test_a_line_becomes_a_person_with_normalised_numbers() -> None:
    entry = read_line(line())
    assert entry.person == lucie()
    assert (entry.iban, entry.vitale_serial) == ("FR5912345123450000DEMO00115", "9000000001")
    assert "DEMO" not in repr(entry)
    assert "EXEMPLE" not in repr(entry)


@pytest.mark.parametrize("number", ["155201499091151", "263319913491283", "147507599091350", "170999299091423"])
@pytest.mark.parametrize("born", ["1955-00-00", "1955-03-00"])
def test_a_person_of_whom_civil_status_knows_a_part_of_the_birth_date_is_insured(number: str, born: str) -> None:
    person = read_line(line(nir=number, birth_date=born)).person
    assert str(person.birth_date) == born
    assert "1955" not in repr(person)


def test_a_card_is_active_unless_the_caisse_says_otherwise() -> None:
    assert read_line(line()).card_state is CardState.ACTIVE
    assert read_line(line(card_state="opposed")).card_state is CardState.OPPOSED


def test_the_ten_people_of_the_demo_are_right() -> None:
    entries = [read_line(raw) for raw in DEMO.read_bytes().splitlines()]
    assert len({entry.person.id for entry in entries}) == len({entry.person.nir for entry in entries}) == 10
    assert [entry.person.nir.provisional for entry in entries].index(True) == 5
    assert [entry.card_state for entry in entries].index(CardState.OPPOSED) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nir", "285032999090196"),
        ("nir", "2850329990901"),
        ("nir", 285032999090195),
        ("person_id", "P1"),
        ("birth_last_name", ""),
        ("birth_last_name", "A\nB"),
        ("first_name", None),
        ("birth_date", "14/03/1985"),
        ("birth_date", 482371200),
        ("birth_date", "1985-00-14"),
        ("birth_date", "1985-02-30"),
        ("card_state", "stolen"),
        ("postal_code", "2920"),
        ("postal_code", "２９２００"),
        ("caisse", "Finistère"),
        ("regime", "unknown"),
        ("iban", "FR0012345123451234567891A12"),
        ("vitale_serial", "12"),
        ("unexpected", "1"),
    ],
)
def test_a_wrong_field_is_named_and_not_quoted(field: str, value: object) -> None:
    with pytest.raises(WrongLine) as wrong:
        read_line(line(**{field: value}))
    assert str(wrong.value) == f"wrong: {field}"


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"nir": 1, "nir": 2}', b"\xff", b'"' + b"a" * 5000 + b'"'])
def test_what_is_not_an_object_is_refused(raw: bytes) -> None:
    with pytest.raises(WrongLine):
        read_line(raw)


def test_several_wrong_fields_are_all_named() -> None:
    with pytest.raises(WrongLine, match=r"^wrong: caisse, nir, postal_code$"):
        read_line(line(nir="1", caisse="", postal_code=""))
