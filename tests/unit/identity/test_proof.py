"""Who is recognised, by the web form or by RIB and card, and how often that may be tried (domain F25, F26, 3.2)."""

import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hmac import compare_digest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.birth_date import BirthDate
from contracts.identity import CreationWay
from contracts.parameters import Parameter
from services.identity.domain import iban, nir, proof
from services.identity.domain.insured import CardState, InsuredPerson, RegisterEntry, WrongNumber, replaced_number
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.domain.proof import AnyClaim, CardClaim, Claim, Failures
from services.identity.domain.regimes import REGIMES, RegimeNotCovered, Standing
from tests.unit.identity.fakes import NOW, RULES, lucie, marc

IBAN, OTHER_IBAN = iban.parse("FR59 1234 5123 4500 00DE MO00 115"), iban.parse("FR59 1234 5123 4500 00DE MO00 212")
SERIAL = "9000000001"
ENTRY = RegisterEntry(lucie(), IBAN.number, SERIAL)
CARD = CardClaim(IBAN, SERIAL)
FORM = Claim("Exemple", lucie().birth_date, lucie().postal_code)
NADIA = nir.parse("896069935190689")


@pytest.mark.parametrize("claim", [CARD, FORM])
def test_right_details_recognise_the_person(claim: AnyClaim) -> None:
    assert proof.recognised(ENTRY, claim) == lucie()


@pytest.mark.parametrize(
    "claim",
    [
        CardClaim(OTHER_IBAN, SERIAL),
        CardClaim(IBAN, "9000000002"),
        CardClaim(IBAN, "09000000001"),
        CardClaim(IBAN, SERIAL + "0"),
        CardClaim(OTHER_IBAN, "9000000002"),
        replace(FORM, last_name="AUTRE"),
        replace(FORM, last_name=""),
        replace(FORM, birth_date=BirthDate(1985, 3, 15)),
        replace(FORM, birth_date=BirthDate(1985, 3)),
        replace(FORM, postal_code="29201"),
    ],
)
def test_one_wrong_detail_is_enough_to_be_nobody(claim: AnyClaim) -> None:
    assert proof.recognised(ENTRY, claim) is None


@pytest.mark.parametrize("claim", [CARD, FORM, CardClaim(IBAN, ""), Claim("", BirthDate(1), "")])
def test_nobody_is_recognised_under_an_unknown_number(claim: AnyClaim) -> None:
    assert proof.recognised(None, claim) is None


@pytest.mark.parametrize(
    "entry", [replace(ENTRY, iban=None), replace(ENTRY, vitale_serial=None), RegisterEntry(lucie())]
)
def test_what_the_register_lacks_proves_nothing(entry: RegisterEntry) -> None:
    assert proof.recognised(entry, CARD) is None
    assert proof.recognised(entry, CardClaim(IBAN, "")) is None
    assert proof.recognised(entry, FORM) == lucie()


@pytest.mark.parametrize("state", CardState)
def test_only_an_active_card_proves_who_somebody_is(state: CardState) -> None:
    known = replace(ENTRY, card_state=state)
    assert (proof.recognised(known, CARD) is not None) == (state is CardState.ACTIVE)
    assert proof.recognised(known, FORM) == lucie()


@pytest.mark.parametrize(
    ("entry", "claim"),
    [
        (ENTRY, CARD),
        (None, CARD),
        (ENTRY, CardClaim(OTHER_IBAN, "9000000002")),
        (ENTRY, CardClaim(IBAN, "1" * 21)),
        (replace(ENTRY, card_state=CardState.OPPOSED), CARD),
        (replace(ENTRY, card_state=CardState.REPLACED), CardClaim(OTHER_IBAN, SERIAL)),
        (RegisterEntry(lucie()), CARD),
    ],
)
def test_a_card_is_compared_in_full_and_in_constant_time_whatever_is_wrong_first(
    monkeypatch: pytest.MonkeyPatch, entry: RegisterEntry | None, claim: CardClaim
) -> None:
    lengths: list[tuple[int, int]] = []

    def noted(left: bytes, right: bytes) -> bool:
        lengths.append((len(left), len(right)))
        return compare_digest(left, right)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    proof.recognised(entry, claim)
    assert lengths == [(32, 32)] * 3


@pytest.mark.parametrize("serial", ["90000001", "9" * 21, "00000001", "000000001"])
def test_a_serial_is_opaque_digits_that_are_compared_and_never_computed(serial: str) -> None:
    assert proof.recognised(replace(ENTRY, vitale_serial=serial), CardClaim(IBAN, serial)) == lucie()
    assert proof.recognised(replace(ENTRY, vitale_serial=serial), CardClaim(IBAN, serial + "0")) is None


@pytest.mark.parametrize("claim", [CARD, FORM])
def test_a_provisional_number_is_insured_and_gets_no_account(claim: AnyClaim) -> None:
    assert proof.recognised(replace(ENTRY, person=lucie(nir=NADIA)), claim) is None


@pytest.mark.parametrize("number", ["2550329990901", "2852099990901", "1850329990901"])
def test_nothing_in_the_number_is_compared_with_what_is_declared(number: str) -> None:
    """Neither its year and month with the birth date, nor its first digit with a gender (domain 3.1)."""
    person = lucie(nir=nir.parse(number))
    assert proof.recognised(replace(ENTRY, person=person), FORM) == person


@pytest.mark.parametrize("born", [BirthDate(1924, 3, 14), BirthDate(2024, 3, 14)])
def test_a_person_of_102_and_a_baby_share_a_year_and_the_declared_date_tells_them_apart(born: BirthDate) -> None:
    entry = RegisterEntry(lucie(nir=nir.parse("2240329990901"), birth_date=born))
    assert proof.recognised(entry, replace(FORM, birth_date=born))
    other = replace(born, year=2024 if born.year == 1924 else 1924)
    assert proof.recognised(entry, replace(FORM, birth_date=other)) is None


def test_an_absent_usage_name_is_not_the_empty_one() -> None:
    assert proof.recognised(ENTRY, replace(FORM, last_name="-")) is None


@pytest.mark.parametrize("typed", ["Exemple", "modele fictive", "MODELE-FICTIVE"])
def test_the_birth_name_and_the_usage_name_are_as_good(typed: str) -> None:
    entry = RegisterEntry(lucie(usage_last_name="MODÈLE-FICTIVE"))
    assert proof.recognised(entry, replace(FORM, last_name=typed))


@pytest.mark.parametrize("claim", [CARD, FORM])
@pytest.mark.parametrize("code", REGIMES)
def test_covered_and_partner_regimes_are_accepted_and_others_named_to_whoever_is_recognised(
    claim: AnyClaim, code: str
) -> None:
    entry = replace(ENTRY, person=lucie(regime=code))
    if REGIMES[code].standing is not Standing.ELSEWHERE:
        assert proof.recognised(entry, claim)
        return
    with pytest.raises(RegimeNotCovered) as refused:
        proof.recognised(entry, claim)
    assert REGIMES[code].portal in refused.value.document("fr")["detail"]
    assert proof.recognised(entry, CardClaim(OTHER_IBAN, SERIAL)) is None
    assert proof.recognised(entry, replace(FORM, last_name="AUTRE")) is None


def test_each_claim_says_which_way_it_is() -> None:
    assert (FORM.way, CARD.way) == (CreationWay.WEB_FORM, CreationWay.CARD_AND_IBAN)


@given(st.text("0123456789", min_size=8, max_size=21), st.text("0123456789", min_size=8, max_size=21))
def test_a_serial_is_right_only_if_it_is_the_same(known: str, typed: str) -> None:
    entry = replace(ENTRY, vitale_serial=known)
    assert (proof.recognised(entry, CardClaim(IBAN, typed)) is not None) == (known == typed)


def test_claims_never_show_themselves() -> None:
    shown = repr((FORM, CARD))
    assert not any(each in shown for each in ("Exemple", "1985", "29200", "DEMO", SERIAL))


def test_three_failures_lock_for_the_day_in_paris() -> None:
    failures, evening = Failures(), datetime(2026, 11, 24, 22, 59, tzinfo=UTC)
    for count in (1, 2, 3):
        assert not failures.locked(RULES, NOW)
        failures = failures.plus_one(NOW)
        assert failures.count == count
    assert failures.locked(RULES, NOW)
    assert failures.locked(RULES, evening)
    assert not failures.locked(RULES, evening + timedelta(minutes=1))
    assert failures.plus_one(evening + timedelta(minutes=1)).count == 1


def test_how_many_failures_lock_is_a_parameter() -> None:
    patient = Parameters([*BUILT_IN, Parameter("proof.failures-a-day", date(2026, 11, 24), 4, "test")])
    failures = Failures().plus_one(NOW).plus_one(NOW).plus_one(NOW)
    assert not failures.locked(patient, NOW)
    assert failures.plus_one(NOW).locked(patient, NOW)


@given(st.lists(st.integers(0, 5 * 24 * 60), max_size=60).map(sorted))
def test_never_more_than_three_wrong_proofs_are_judged_in_a_day(minutes: list[int]) -> None:
    failures, judged = Failures(), []
    for minute in minutes:
        now = NOW + timedelta(minutes=minute)
        if not failures.locked(RULES, now):
            failures = failures.plus_one(now)
            judged.append((now + timedelta(hours=1)).date())
    assert all(judged.count(day) <= 3 for day in judged)


def entry(person: InsuredPerson) -> RegisterEntry:
    return RegisterEntry(person)


def test_a_provisional_number_is_replaced_once_by_a_definitive_one() -> None:
    provisional, definitive = entry(lucie(nir=NADIA)), entry(lucie())
    assert replaced_number(provisional, definitive, None) == NADIA
    assert replaced_number(definitive, definitive, lucie()) is None
    assert replaced_number(None, provisional, None) is None


@pytest.mark.parametrize(
    ("known", "line", "holder"),
    [
        (lucie(), lucie(nir=marc().nir), None),
        (lucie(), lucie(nir=NADIA), lucie()),
        (lucie(nir=NADIA), lucie(nir=nir.parse("7960699351906")), None),
        (lucie(nir=NADIA), lucie(), marc()),
        (None, lucie(), marc()),
    ],
    ids=[
        "definitive to definitive",
        "back",
        "provisional to provisional",
        "to a neighbour's",
        "new with a neighbour's",
    ],
)
def test_any_other_change_of_number_is_refused_and_quotes_none(
    known: InsuredPerson | None, line: InsuredPerson, holder: InsuredPerson | None
) -> None:
    with pytest.raises(WrongNumber) as refused:
        replaced_number(entry(known) if known else None, entry(line), holder)
    assert not any(digit in str(refused.value) for digit in "0123456789")
