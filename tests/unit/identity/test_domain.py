"""Names, e-mails, codes, attempts and parameters: the rules, one by one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.identity import AttemptReason
from contracts.parameters import NotInForce, Parameter
from contracts.problems import Text
from services.identity.domain import access_code, email, names, regimes, throttle
from services.identity.domain import account as accounts
from services.identity.domain.access_code import AccessCode, WeakCode, check_strength
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.domain.regimes import RegimeNotCovered
from services.identity.domain.throttle import Attempts, Judged, Tally, TooManyAttempts
from tests.unit.identity.fakes import NOW, RULES, an_account, issued, lucie

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("exemple", "EXEMPLE"),
        ("Modèle Fictive", "MODELE-FICTIVE"),
        ("d'Œuvre", "D’OEUVRE"),
        ("  Le  Goff ", "LEGOFF"),
        ("ÇELİK", "celik"),
        ("E\u0301tienne", "Étienne"),
        ("Strauß", "STRAUSS"),
    ],
)
def test_names_are_compared_without_accents_case_hyphens_and_spaces(typed: str, known: str) -> None:
    assert names.same(typed, known)


@pytest.mark.parametrize(("typed", "known"), [("EXEMPLE", "EXEMPLES"), ("", ""), ("-", "'"), ("--", "")])
def test_other_names_and_names_of_nothing_are_not_the_same(typed: str, known: str) -> None:
    assert not names.same(typed, known)


@given(st.text(max_size=20))
def test_folding_a_name_twice_changes_nothing(name: str) -> None:
    assert names.folded(names.folded(name)) == names.folded(name)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" Lucie@Exemple.INVALID ", "lucie@exemple.invalid"),
        ("o'brien+ameli@exemple.invalid", "o'brien+ameli@exemple.invalid"),
        ("a@été.invalid", "a@xn--t-9fab.invalid"),
        ("a@XN--T-9FAB.invalid", "a@xn--t-9fab.invalid"),
    ],
)
def test_an_email_is_one_whatever_its_case_spaces_and_alphabet(typed: str, key: str) -> None:
    assert email.parse(typed).key == key
    assert email.parse(email.parse(typed).address) == email.parse(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "@exemple.invalid",
        "a@",
        "a@invalid",
        "a@@exemple.invalid",
        "a b@exemple.invalid",
        "a..b@exemple.invalid",
        ".a@exemple.invalid",
        "a@exemple..invalid",
        "a@-exemple.invalid",
        "a@127.0.0.1",
        "a@exemple.invalid\r\nBcc: b@exemple.invalid",
        "é@exemple.invalid",
        f"{'a' * 65}@exemple.invalid",
        f"a@{'b' * 64}.invalid",
        f"a@{'b.' * 130}invalid",
        "a@\u2024.invalid",
    ],
)
def test_what_is_not_an_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="e-mail"):
        email.parse(typed)


def test_an_email_is_masked_and_never_shows_itself() -> None:
    assert email.parse("lucie@exemple.invalid").masked == "l***@exemple.invalid"
    assert "lucie" not in repr(email.parse("lucie@exemple.invalid"))


@pytest.mark.parametrize("code", ["general", "camieg", "cavimac", "cnmss", "crpcen", "enim", "canssm"])
def test_the_general_and_the_partner_regimes_are_covered(code: str) -> None:
    regimes.check_covered(code)


@pytest.mark.parametrize(("code", "portal"), [("msa", "msa.fr"), ("mgen", "mgen.fr")])
def test_another_regime_is_told_its_own_portal(code: str, portal: str) -> None:
    with pytest.raises(RegimeNotCovered) as refused:
        regimes.check_covered(code)
    document = refused.value.document("fr")
    assert document["type"] == "/problems/regime-not-covered"
    assert portal in document["detail"]
    assert portal in document["portal"]


@pytest.mark.parametrize("text", ["123", "1" * 14, "12 34", "12a4", "１２３４", "", "1234\n"])
def test_a_code_is_4_to_13_ascii_digits(text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        access_code.parse(text)
    assert access_code.parse("1" * 13)


WEAK = {
    "pattern": "1234 4321 0123 8901 2468 0000 1111 1212 7777 1122 6969 112233 123123 12341234 1234512345123 12344321 "
    "11112222 98765432 111222333 1234567890123 0246802468 7778888 12121",
    "date": "1985 2001 1999 2512 1225 0112 251299 991225 25121999 20010131",
    "birth": "1403 0314 140385 850314 031485 14031985 19850314 03141985 0385 8503 140319 1431985 1985031 91403 140385 "
    "1403198512",
    "nir": "2850 3299 9099 990901 2850329990901 0195 90195 48285032",
    "postal": "29200 292007 1292003",
    "common": "1004 2580 159357 147258369 31415926",
}


@pytest.mark.parametrize("digits", [code for codes in WEAK.values() for code in codes.split()])
def test_codes_that_are_easy_to_guess_are_refused(digits: str) -> None:
    with pytest.raises(WeakCode) as refused:
        check_strength(AccessCode(digits), lucie(), RULES, NOW)
    document = refused.value.document("en")
    assert document["status"] == 422
    [error] = document["errors"]
    assert (error["pointer"], error["code"]) == ("/new_code", "weak-code")
    assert digits not in str(document)


@pytest.mark.parametrize("digits", ["7294", "6283", "48151", "739164", "7391584", "73915846", "0580362947183"])
def test_codes_without_a_pattern_are_accepted(digits: str) -> None:
    check_strength(AccessCode(digits), lucie(), RULES, NOW)


def test_most_long_codes_are_accepted_and_none_of_the_most_used_ones() -> None:
    top = "1234 1111 0000 1212 7777 1004 2000 4444 2222 6969 9999 3333 5555 6666 1122 1313 8888 4321 2001 1010"
    assert not any(_accepted(code) for code in top.split())
    assert sum(_accepted(f"{number:08}") for number in range(7, 10**8, 99_991)) > 900
    assert 6500 < sum(_accepted(f"{number:04}") for number in range(10**4)) < 7000


def _accepted(digits: str) -> bool:
    try:
        check_strength(AccessCode(digits), lucie(), RULES, NOW)
    except WeakCode:
        return False
    return True


@given(st.text("0123456789", min_size=1, max_size=6), st.integers(2, 13))
def test_a_repeated_block_is_always_refused(block: str, times: int) -> None:
    code = (block * times)[:13]
    assume(len(code) >= 4 and len(block) * 2 <= len(code))
    assert not _accepted(code)


@given(st.integers(0, 11), st.integers(4, 13))
def test_a_piece_of_the_own_number_is_always_refused(start: int, length: int) -> None:
    piece = "285032999090195"[start : start + length]
    assume(len(piece) >= 4)
    assert not _accepted(piece)


def test_the_shortest_own_code_is_a_parameter() -> None:
    stricter = Parameters([*BUILT_IN, Parameter("code.own.shortest", date(2026, 1, 1), 8, "profile of 2020")])
    with pytest.raises(WeakCode):
        check_strength(AccessCode("7294"), lucie(), stricter, NOW)
    check_strength(AccessCode("7294"), lucie(), stricter, datetime(2025, 12, 31, 22, 59, tzinfo=UTC))
    with pytest.raises(WeakCode):
        check_strength(AccessCode("7294"), lucie(), stricter, datetime(2025, 12, 31, 23, 0, tzinfo=UTC))


def test_a_parameter_has_no_value_before_its_first_day() -> None:
    with pytest.raises(NotInForce):
        RULES.get("code.own.shortest", datetime(2020, 6, 30, 21, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("count", "minutes"), [(5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (49, 60)]
)
def test_each_attempt_beyond_five_waits_twice_as_long(count: int, minutes: int) -> None:
    attempts = Attempts(own=Tally(count, NOW))
    with pytest.raises(TooManyAttempts) as refused:
        throttle.count_attempt(attempts, 4, RULES, NOW)
    assert refused.value.retry_after == minutes * 60
    assert refused.value.detail == Text(
        f"Réessayez dans {minutes} min. Vous pouvez aussi demander un code provisoire avec « Code oublié ».",
        f"Try again in {minutes} min. You can also ask for a provisional code with “Forgotten code”.",
    )
    counted, judged = throttle.count_attempt(attempts, 4, RULES, NOW + minutes * MINUTE)
    assert (counted.own.count, judged) == (count + 1, Judged(own=True, provisional=False))


def test_after_fifty_own_codes_are_never_judged_and_provisional_ones_are() -> None:
    attempts, much_later = Attempts(own=Tally(50, NOW)), NOW + timedelta(days=700)
    with pytest.raises(TooManyAttempts) as refused:
        throttle.count_attempt(attempts, 4, RULES, much_later)
    assert refused.value.retry_after is None
    assert refused.value.detail == Text(
        "Ce code n'est plus accepté. Demandez un code provisoire avec « Code oublié ».",
        "This code is no longer accepted. Ask for a provisional code with “Forgotten code”.",
    )
    _, judged = throttle.count_attempt(attempts, 8, RULES, much_later)
    assert judged == Judged(own=False, provisional=True)


def test_provisional_codes_are_throttled_too_and_forgotten_after_a_day() -> None:
    attempts = Attempts(own=Tally(50, NOW))
    for _ in range(5):
        attempts, _ = throttle.count_attempt(attempts, 8, RULES, NOW)
    with pytest.raises(TooManyAttempts):
        throttle.count_attempt(attempts, 8, RULES, NOW)
    attempts, _ = throttle.count_attempt(attempts, 8, RULES, NOW + MINUTE)
    assert attempts.provisional.count == 6
    attempts, _ = throttle.count_attempt(attempts, 8, RULES, NOW + timedelta(days=2))
    assert attempts.provisional.count == 1


def test_alerts_do_not_use_up_the_resets_of_the_owner() -> None:
    account = an_account()
    for _ in range(4):
        account, _ = accounts.tell_owner(account, AttemptReason.ACCOUNT_EXISTS, RULES, NOW)
    _, events = accounts.reset_code(account, issued("48151623"), known=False, stopped=False, rules=RULES, now=NOW)
    assert len(events) == 1
