"""Whether account, bank and holder go together (domain 3.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import bank_account, iban
from services.identity.domain.bank_account import FRENCH_ACCOUNTS, BankAccount, parse_bic
from tests.unit.identity.fakes import NOW, RULES, lucie, marc

FRENCH, BELGIAN = iban.parse("FR59 1234 5123 4500 00DE MO00 115"), iban.parse("BE32 1234 5678 9002")
TODAY = NOW.date()


def account(**but: object) -> BankAccount:
    given = {"iban": FRENCH, "bic": parse_bic("DEMOFRPPXXX"), "holder": "MME LUCIE EXEMPLE", **but}
    return BankAccount(**given)  # type: ignore[arg-type]


def check(account: BankAccount, *persons: object) -> None:
    bank_account.check(account, persons or (lucie(),), RULES, TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["DEMOFRPPXXX", "DEMOFRPP", "demofrpp xxx", " DEMOFRPP "])
def test_a_bic_has_8_or_11_characters_in_whatever_case(typed: str) -> None:
    assert parse_bic(typed).country == "FR"


@pytest.mark.parametrize(
    "typed", ["", "ABCDEFGH", "DEMOFRP", "DEMOFRPPX", "DEMOFRPPXXXX", "D3MOFRPP", "DEMOEFPP", "ＤEMOFRPP", "X" * 31]
)
def test_what_is_no_bic_is_refused_and_not_quoted(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^not a BIC$"):
        parse_bic(typed)


@pytest.mark.parametrize("country", sorted(FRENCH_ACCOUNTS))
def test_banks_of_overseas_territories_keep_french_accounts(country: str) -> None:
    check(account(bic=parse_bic(f"DEMO{country}PP")))


def test_bank_and_account_are_of_one_country() -> None:
    check(account(bic=None))
    check(account(iban=BELGIAN, bic=parse_bic("DEMOBEBB")))
    for wrong in (account(bic=parse_bic("DEMOBEBB")), account(iban=BELGIAN, bic=parse_bic("DEMOREPP"))):
        with pytest.raises(ValueError, match="two countries"):
            check(wrong)


@pytest.mark.parametrize(
    ("holder", "person"),
    [
        ("Mme Lucie Exemple", lucie()),
        ("EXEMPLE LUCIE", lucie()),
        ("M OU MME EXEMPLE MARC ET LUCIE", lucie()),
        ("MME FICTIF LUCIE", lucie(usage_last_name="FICTIF")),
        ("MME LUCIE EXEMPLE", lucie(usage_last_name="FICTIF")),
        ("M D ETE JEAN PIERRE", lucie(birth_last_name="D'ÉTÉ", first_name="Jean-Pierre")),
        ("M JEAN-PIERRE LE GOFF", lucie(birth_last_name="LE-GOFF", first_name="Jean Pierre")),
    ],
)
def test_the_holder_is_the_insured_by_birth_or_usage_name(holder: str, person: object) -> None:
    check(account(holder=holder), person)


@pytest.mark.parametrize("holder", ["", "MME EXEMPLE", "LUCIE", "MME LUCIE EXEMPLES", "M MARC FICTIF", "LUCIEEXEMPLE"])
def test_anybody_elses_account_is_refused(holder: str) -> None:
    with pytest.raises(ValueError, match="somebody else"):
        check(account(holder=holder))


def test_a_child_is_paid_on_the_account_of_who_represents_it() -> None:
    child = lucie(first_name="Tom")
    check(account(holder="M MARC FICTIF"), child, marc())
    with pytest.raises(ValueError, match="somebody else"):
        check(account(holder="M MARC FICTIF"), child)


def test_a_savings_account_is_refused_where_the_bank_tells() -> None:
    with pytest.raises(ValueError, match="savings"):
        check(account(savings=True))


@given(st.sampled_from([FRENCH, BELGIAN]))
def test_an_account_shows_its_last_four_characters_alone(number: iban.Iban) -> None:
    shown = account(iban=number)
    assert shown.masked == f"•••• {number.number[-4:]}"
    assert number.number not in repr(shown)
    assert "EXEMPLE" not in repr(shown)
