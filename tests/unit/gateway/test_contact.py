"""Whose contact card somebody gets who is kept waiting at a way in, and that the contract says so."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.publish.http import openapi
from services.gateway import portal
from services.gateway.api.portal_info import DIRECTORY
from services.gateway.domain.capabilities import CAPABILITIES
from services.gateway.domain.code_forms import SHIPPED
from services.gateway.portal import HERE

CODES = sorted(DIRECTORY.caisses)
GENERAL = DIRECTORY.general
STUCK = {
    "/creer-mon-compte",
    "/creer-mon-compte-avec-ma-carte",
    "/connexion",
    "/code-oublie",
    "/choisir-mon-code",
    "/franceconnect",
    "/ce-n-est-pas-moi",
    "/valider-mon-adresse",
}


@pytest.mark.parametrize(
    ("postal_code", "code"),
    [
        ("75011", "75"),
        ("29200", "29"),
        (" 13001 ", "13"),
        ("20000", "2A"),
        ("20190", "2A"),
        ("20200", "2B"),
        ("20620", "2B"),
        ("97400", None),
        ("29", None),
        ("290000", None),
        ("2A000", None),
        ("２９２００", None),
        ("", None),
        (None, None),
    ],
)
def test_a_postal_code_says_the_caisse_of_its_departement(postal_code: str | None, code: str | None) -> None:
    assert DIRECTORY.code_at(postal_code) == code


@given(st.text(max_size=8) | st.from_regex(r"[0-9]{5}", fullmatch=True))
def test_whatever_is_typed_as_a_postal_code_names_a_caisse_that_exists_or_none(typed: str) -> None:
    code = DIRECTORY.code_at(typed)
    assert code is None or code in DIRECTORY.caisses


@given(st.lists(st.sampled_from(["", "99", None, *CODES]), max_size=3), st.sampled_from([None, "75011", "99999"]))
def test_the_first_caisse_that_exists_wins_and_nobody_is_without_a_card(
    chosen: list[str | None], postal_code: str | None
) -> None:
    known = [each for each in chosen if each in DIRECTORY.caisses]
    expected = known[0] if known else ("75" if postal_code == "75011" else None)
    assert DIRECTORY.nearest(*chosen, postal_code=postal_code) == DIRECTORY.contact(expected)


def test_the_contract_promises_the_card_wherever_it_is_given() -> None:
    document = openapi()["gateway"]
    promised = 0
    for each in CAPABILITIES:
        operation = document["paths"][each.public_path][each.method.lower()]
        said = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
        assert ("caisse" in said and not each.cacheable) is each.contact, each.path
        if not each.contact:
            continue
        reference = operation["responses"]["429"]["$ref"].rpartition("/")[2]
        [refusal] = document["components"]["responses"][reference]["content"].values()
        assert refusal["schema"]["properties"]["contact"]["$ref"].endswith("/Contact")
        if "202" in operation["responses"]:
            [answer] = operation["responses"]["202"]["content"].values()
            schema = document["components"]["schemas"][answer["schema"]["$ref"].rpartition("/")[2]]
            assert "contact" in schema["required"]
            promised += 1
    assert promised == 3


@pytest.mark.parametrize("address", sorted(portal.ADDRESSES))
def test_a_page_on_which_one_can_be_stuck_says_whom_to_call_even_without_its_script(address: str) -> None:
    page = portal.pages(SHIPPED)[address].body.decode()
    card = re.search(r'<div id="contact-card">(.*?)</div>', page)
    assert bool(card) is (address in STUCK)
    if card:
        assert all(said in card.group(1) for said in (GENERAL.name, GENERAL.phone, GENERAL.hours))


def test_the_telephone_number_is_said_by_the_directory_alone() -> None:
    for file in [*(HERE / "templates").iterdir(), *(HERE / "static").iterdir()]:
        assert DIRECTORY.phone not in file.read_text(), file.name
