"""Who a pivot identity is (domain 3.6, F24), and which identity providers are offered (F31, F32)."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.birth_date import BirthDate
from deploy.demo import people
from services.identity.domain import nir, pivot, providers
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.pivot import NotAPivotIdentity, One, Several

ENZO = {
    "given_name": "Enzo Louis",
    "given_name_array": ["Enzo", "Louis"],
    "family_name": "BIDON",
    "birthdate": "2007-09-14",
    "gender": "male",
    "birthplace": "13055",
    "birthcountry": "99100",
}
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def a_person(**but: Any) -> InsuredPerson:
    known = {"birth_last_name": "BIDON", "first_name": "Enzo", "birth_date": BirthDate(2007, 9, 14)}
    other = {"usage_last_name": None, "postal_code": "13001", "caisse": "13", "regime": "general"}
    return InsuredPerson(**{"id": uuid4(), "nir": nir.parse("1 07 09 13 990 908 26"), **known, **other, **but})


def of_the_register(name: str) -> InsuredPerson:
    line = next(each for each in people.register() if each["person_id"] == str(people.person_id(name)))
    return a_person(
        id=UUID(line["person_id"]),
        nir=nir.parse(line["nir"]),
        birth_last_name=line["birth_last_name"],
        first_name=line["first_name"],
        birth_date=BirthDate.read(line["birth_date"]),
    )


@pytest.mark.parametrize("name", ["P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9", "P10"])
def test_every_demo_person_is_found_in_the_register_and_nobody_else(name: str) -> None:
    claims = next(each for each in people.pivot_claims() if each["sub"] == people.subject(name))
    register = [of_the_register(f"P{number}") for number in range(1, 11)]
    assert pivot.find(pivot.parse(claims), register) == One(of_the_register(name))


def test_the_place_of_birth_and_the_gender_are_never_compared_with_the_number() -> None:
    elsewhere = pivot.parse({**ENZO, "birthplace": "2A004", "gender": "female"})
    assert pivot.matches(elsewhere, a_person())


def test_somebody_born_abroad_has_no_place_of_birth() -> None:
    abroad = {**ENZO, "birthcountry": "99352", "birthplace": ""}
    assert pivot.parse(abroad).birthplace is None
    assert pivot.parse({name: value for name, value in abroad.items() if name != "birthplace"}).birthplace is None
    with pytest.raises(NotAPivotIdentity, match="birthplace"):
        pivot.parse({**abroad, "birthplace": "13055"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2007-09-14", BirthDate(2007, 9, 14)),
        ("2007-09-00", BirthDate(2007, 9, None)),
        ("2007-00-00", BirthDate(2007, None, None)),
    ],
)
def test_a_birth_date_may_be_partial(written: str, read: BirthDate) -> None:
    assert pivot.parse({**ENZO, "birthdate": written}).birth_date == read


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        *(("birthdate", each) for each in ("2007-00-14", "2007-02-30", "2007-13-01", "0000-00-00", "2007-9-14", 2007)),
        *(("birthdate", each) for each in ("２００７-09-14", "2007-09-14T00:00", "", None)),
        *(("birthplace", each) for each in ("", "2C001", "1305", "130555", "13055 ", None, 13055)),
        *(("birthcountry", each) for each in ("", "France", "33000", "9910", None, ["99100"])),
        *(("gender", each) for each in ("", "unknown", "F", None, 1)),
        *(("family_name", each) for each in ("", " - ", "X" * 101, "BI\x00DON", "BI\ud800DON", None, {"$ne": None})),
        *(("given_name", each) for each in ("", None, 7)),
        *(("given_name_array", each) for each in ([], ["Enzo", ""], ["Enzo", 7], "Enzo", ["E"] * 21)),
    ],
)
def test_a_malformed_claim_is_refused_by_name_and_not_quoted(claim: str, wrong: object) -> None:
    with pytest.raises(NotAPivotIdentity, match=f"^{claim}$"):
        pivot.parse({**ENZO, claim: wrong})


def test_an_identity_shows_nothing_of_itself() -> None:
    shown = repr(pivot.parse(ENZO))
    assert not any(each in shown for each in ("BIDON", "Enzo", "2007", "13055"))


@pytest.mark.parametrize(
    ("claims", "register"),
    [
        ({"family_name": "LE GOFF"}, {"birth_last_name": "Le-Goff"}),
        ({"family_name": "D'ÉTÉ"}, {"birth_last_name": "DETE"}),
        ({"given_name_array": ["Louis", "Enzo"]}, {}),
        ({"given_name_array": ["ENZO"]}, {"first_name": "enzo"}),
        ({"given_name_array": ["Jean", "Pierre", "Marie"]}, {"first_name": "Jean-Pierre"}),
        ({"given_name_array": ["Jean-Pierre"]}, {"first_name": "JEAN PIERRE"}),
        ({"given_name_array": None, "given_name": "Zoé Enzo"}, {"first_name": "ZOE"}),
        ({"birthdate": "2007-09-00"}, {"birth_date": BirthDate(2007, 9, 30)}),
        ({"birthdate": "2007-00-00"}, {"birth_date": BirthDate(2007, 1, 1)}),
        ({}, {"birth_date": BirthDate(2007)}),
    ],
)
def test_spelling_and_unknown_parts_make_no_other_person(claims: dict[str, Any], register: dict[str, Any]) -> None:
    assert pivot.matches(pivot.parse({**ENZO, **claims}), a_person(**register))


@pytest.mark.parametrize(
    ("claims", "register"),
    [
        ({"family_name": "BIDONS"}, {}),
        ({}, {"birth_last_name": "AUTRE", "usage_last_name": "BIDON"}),
        ({"given_name_array": ["Louis"]}, {}),
        ({"given_name_array": ["Jean-Pierre"]}, {"first_name": "Jean"}),
        ({}, {"birth_date": BirthDate(2007, 9, 15)}),
        ({"birthdate": "2007-09-00"}, {"birth_date": BirthDate(2007, 10, 1)}),
        ({"birthdate": "2008-00-00"}, {}),
        ({}, {"birth_date": BirthDate(2007, 10)}),
    ],
)
def test_another_name_at_birth_first_name_or_birth_date_is_another_person(
    claims: dict[str, Any], register: dict[str, Any]
) -> None:
    assert not pivot.matches(pivot.parse({**ENZO, **claims}), a_person(**register))


def test_nobody_is_chosen_among_two_alike() -> None:
    one, other = a_person(), a_person(postal_code="69003")
    identity = pivot.parse(ENZO)
    assert pivot.find(identity, []) is None
    assert pivot.find(identity, [one, one, a_person(first_name="Paul")]) == One(one)
    assert pivot.find(identity, [one, other]) == Several((one, other))


@pytest.mark.parametrize("written", ["2007-09-14", "2007-09-00", "2007-00-00"])
def test_only_the_same_birth_date_is_sure_and_one_that_says_less_or_more_is_for_an_agent(written: str) -> None:
    identity = pivot.parse({**ENZO, "birthdate": written})
    for known in (BirthDate(2007, 9, 14), BirthDate(2007, 9), BirthDate(2007)):
        person = a_person(birth_date=known)
        assert pivot.find(identity, [person]) == (One(person) if str(known) == written else Several((person,)))


def test_of_two_who_may_be_meant_not_even_the_same_date_chooses_one() -> None:
    same, more = a_person(birth_date=BirthDate(2007)), a_person()
    identity = pivot.parse({**ENZO, "birthdate": "2007-00-00"})
    assert pivot.find(identity, [same, more]) == Several((same, more))


@given(born=DAYS, said=DAYS)
def test_a_partial_date_covers_exactly_the_days_it_does_not_contradict(born: date, said: date) -> None:
    whole, month, year = (
        pivot.parse({**ENZO, "birthdate": each}).birth_date
        for each in (said.isoformat(), f"{said:%Y-%m}-00", f"{said:%Y}-00-00")
    )
    day = BirthDate.of(born)
    assert whole.covers(day) == (born == said)
    assert month.covers(day) == ((born.year, born.month) == (said.year, said.month))
    assert year.covers(day) == (born.year == said.year)
    assert whole.covers(day) <= month.covers(day) <= year.covers(day)


@given(
    name=st.text(st.characters(categories=["Lu", "Ll"]) | st.sampled_from(" -'’"), min_size=1, max_size=40),
    born=DAYS,
    less=st.booleans(),
    shape=st.sampled_from(["{0:%Y-%m-%d}", "{0:%Y-%m}-00", "{0:%Y}-00-00"]),
)
def test_whoever_matches_is_found_under_the_search_keys(name: str, born: date, less: bool, shape: str) -> None:
    known = BirthDate(born.year) if less else BirthDate.of(born)
    person = a_person(birth_last_name=name, birth_date=known)
    try:
        identity = pivot.parse({**ENZO, "family_name": name.upper(), "birthdate": shape.format(born)})
    except NotAPivotIdentity:
        return
    if pivot.matches(identity, person):
        assert pivot.search_key(person) in pivot.search_keys(identity)


def test_search_keys_ignore_spelling_and_what_a_date_lacks() -> None:
    partial = pivot.parse({**ENZO, "family_name": "Bí-don", "birthdate": "2007-00-00"})
    assert pivot.search_keys(partial) == (pivot.search_key(a_person()),)
    assert pivot.search_key(a_person()) != pivot.search_key(a_person(birth_date=BirthDate(2008, 9, 14)))


def test_retired_providers_are_shown_only_when_enabled_and_ameli_never_offers_itself() -> None:
    shown = [each.id for each in providers.offered()]
    assert shown == ["impots.gouv", "la-poste", "msa", "france-identite", "yris"]
    assert [each.id for each in providers.offered({"alicem", "ameli"})] == [*shown, "alicem"]
    assert all(each.label.fr and each.label.en for each in providers.PROVIDERS)


@pytest.mark.parametrize("chosen", ["ameli", "alicem", "mobileconnect", "", "https://ailleurs.exemple.invalid"])
def test_a_provider_that_is_not_offered_cannot_be_chosen(chosen: str) -> None:
    with pytest.raises(providers.ProviderNotOffered):
        providers.choose(chosen)
    assert providers.choose("france-identite").label.fr == "France Identité"
