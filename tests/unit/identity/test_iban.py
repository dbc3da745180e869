"""The rules of bank accounts (domain 3.3), with the vectors of domain section 4."""

import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from services.identity.domain import iban
from tests.unit.identity.test_register import DEMO

VALID = [
    *(json.loads(line)["iban"] for line in DEMO.read_bytes().splitlines()),
    "BE32 1234 5678 9002",
    "CH08 12345 DEMO00000010",
    "LU29 123 DEMO000000010",
    "DE65 1234 5678 0000 0000 10",
    "FR59 1234 5123 4500 00DE MO00 115",
]
OUTSIDE = ["TR33 0006 1005 1978 6457 8413 26", "TN59 1000 6035 1835 9847 8831", "SA03 8000 0000 6080 1016 7519"]


def with_key(country: str, account: str) -> str:
    """An IBAN whose own key is right, whatever the account."""
    return f"{country}{mod_97_10.calc_check_digits(account + country)}{account}"


@pytest.mark.parametrize("typed", VALID)
def test_accounts_of_the_demo_and_of_other_countries_are_read(typed: str) -> None:
    assert iban.parse(typed).number == typed.replace(" ", "")


@pytest.mark.parametrize(
    "typed",
    [
        "fr59\t1234 5123\u00a04500 00de mo00\u202f115",
        "  FR59-1234-5123-4500-00DE-MO00-115 ",
        "FR59.1234.5123.4500.00DE.MO00.115\n",
    ],
)
def test_separators_and_case_do_not_matter(typed: str) -> None:
    assert iban.parse(typed).number == "FR5912345123450000DEMO00115"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "FR00 1234 5123 4512 3456 7891 A12",
        "EF59 1234 5123 4500 00DE MO00 115",
        "FR58 1234 5123 4500 00DE MO00 115",
        "FR59 1234 5123 4500 00DE MO00 11",
        "FR59 1234 5123 4500 00DE MO00 1155",
        "FR59 1234 5123 4500 00DÉ MO00 115",
        "ＦＲ59 1234 5123 4500 00DE MO00 115",
        "FR５９ 1234 5123 4500 00DE MO00 115",
        "FR59 1234 5123 4500 00DE MO00 115\x00",
        "FR59_1234_5123_4500_00DE_MO00_115",
        "59 1234 5123 4500 00DE MO00 115",
        "BE33 1234 5678 9002",
        " " * 50 + "BE32123456789002",
        with_key("FR", "1234512345" + "0000DEMO001" + "16"),
        with_key("FR", "12345A2345" + "0000DEMO001" + "15"),
        with_key("FR", "1234512345" + "0000DEMO001" + "1"),
        with_key("FR", "1234512345" + "0000DEMO001" + "155"),
        with_key("BE", "123456789003"),
    ],
)
def test_what_is_not_an_iban_is_refused_without_being_quoted(typed: str) -> None:
    with pytest.raises(ValueError, match="not an IBAN") as refused:
        iban.parse(typed)
    assert "1234" not in str(refused.value)


def test_a_right_key_of_the_iban_does_not_make_up_for_a_wrong_one_of_the_rib() -> None:
    account = "12345" + "12345" + "0000DEMO001"
    assert iban.parse(with_key("FR", account + iban.rib_key(account)))
    assert iban.rib_key(account) == "15"
    for wrong in ("14", "16", "00", "98"):
        with pytest.raises(ValueError, match="not an IBAN"):
            iban.parse(with_key("FR", account + wrong))
    monaco = with_key("MC", account + iban.rib_key(account))
    assert iban.parse(monaco).number == monaco


@pytest.mark.parametrize("typed", OUTSIDE)
def test_an_account_outside_sepa_is_told_from_a_wrong_one(typed: str) -> None:
    with pytest.raises(ValueError, match="SEPA"):
        iban.parse(typed)


def test_the_check_digits_go_from_02_to_98() -> None:
    """00, 01 and 99 give the right remainder too, and are never printed."""
    for right, wrong in (("97", "00"), ("98", "01"), ("02", "99")):
        account = next(
            each for each in (f"5390{number:08}" for number in range(100_000)) if with_key("BE", each)[2:4] == right
        )
        assert mod_97_10.is_valid(account + "BE" + wrong)
        with pytest.raises(ValueError, match="not an IBAN"):
            iban.parse(f"BE{wrong}{account}")


DIGITS = st.text(string.digits, min_size=21, max_size=21)
ACCOUNTS = st.tuples(
    st.text(string.digits, min_size=10, max_size=10),
    st.text(string.digits + string.ascii_uppercase, min_size=11, max_size=11),
).map("".join)


@given(DIGITS)
def test_a_french_account_of_digits_alone_always_begins_with_fr76(account: str) -> None:
    number = with_key("FR", account + iban.rib_key(account))
    assert number.startswith("FR76")
    assert iban.parse(number).number == number


@given(ACCOUNTS, st.integers(0, 99))
def test_of_all_rib_keys_one_is_accepted(account: str, other: int) -> None:
    right = iban.rib_key(account)
    assert 1 <= int(right) <= 97
    assert iban.parse(with_key("FR", account + right))
    assume(f"{other:02}" != right)
    with pytest.raises(ValueError, match="not an IBAN"):
        iban.parse(with_key("FR", account + f"{other:02}"))


@given(st.text(max_size=40))
def test_anything_else_is_refused_in_the_same_way(text: str) -> None:
    try:
        read = iban.parse(text)
    except ValueError as refused:
        assert str(refused) in {"not an IBAN", "not an IBAN of the SEPA zone"}  # noqa: PT017
    else:
        assert iban.parse(read.number) == read


def test_an_iban_never_shows_itself() -> None:
    assert "DEMO" not in repr(iban.parse(VALID[0]))
