"""Codes of letters, digits and signs, which a dated parameter allows (domain F15, 3.4), and codes of before the day."""

import re
import string
from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.parameters import Parameter
from services.identity.domain import access_code, throttle
from services.identity.domain.access_code import REASONS, AccessCode, WeakCode, check_strength
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.code_forms import ANY, DIGITS, Alphabet, CodeForm, form_of_own, form_of_typed
from services.identity.domain.mixed_codes import WORDS
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.domain.session import Scope
from services.identity.domain.throttle import Attempts, TooManyAttempts
from tests.unit.identity.fakes import NOW, RULES, FakeStore, lucie
from tests.unit.identity.scene import fake_scene

DAY = timedelta(days=1)
TODAY = NOW.date()
MIXED_NOW = CodeForm(Alphabet.MIXED, 8, 64)
SHOWN = string.ascii_letters + string.digits + string.punctuation


def rules(since: Mapping[date, int], name: str = "code.own.alphabet") -> Parameters:
    return Parameters([*BUILT_IN, *(Parameter(name, day, value, "test") for day, value in since.items())])


MIXED = rules({TODAY: 1})
BACK_TO_DIGITS = rules({TODAY: 1, TODAY + DAY: 0})


def weakness(text: str, of: Parameters = MIXED) -> str | None:
    try:
        check_strength(AccessCode(text), lucie(), of, NOW)
    except WeakCode as refusal:
        refused = refusal
    else:
        return None
    assert text not in str(refused.document("fr"))
    return next(name for name, reason in REASONS.items() if reason == refused.wrong[2])


# Forms.


def test_codes_are_digits_until_a_dated_parameter_says_otherwise() -> None:
    assert (form_of_typed(RULES, NOW), form_of_own(RULES, NOW)) == (DIGITS, DIGITS)
    assert (form_of_typed(MIXED, NOW - DAY), form_of_own(MIXED, NOW - DAY)) == (DIGITS, DIGITS)
    assert (form_of_typed(MIXED, NOW), form_of_own(MIXED, NOW)) == (ANY, MIXED_NOW)


def test_what_may_have_been_chosen_is_read_for_ever_and_what_is_chosen_follows_the_day() -> None:
    assert (form_of_typed(BACK_TO_DIGITS, NOW + DAY), form_of_own(BACK_TO_DIGITS, NOW + DAY)) == (ANY, DIGITS)
    assert weakness("7294", BACK_TO_DIGITS) == "short"


def test_the_lengths_of_mixed_codes_are_parameters() -> None:
    longer = Parameters([*BUILT_IN, *(Parameter(f"code.own.{id_}", TODAY, value, "test") for id_, value in LONGER)])
    assert form_of_own(longer, NOW) == CodeForm(Alphabet.MIXED, 12, 20)
    assert form_of_own(longer, NOW).pattern == "^[!-~]{12,20}$"
    assert (weakness("kT7#vQpw2zX", longer), weakness("kT7#vQpw2zXm", longer)) == ("short", None)
    assert (weakness("kT7#vQpw2zXm" + "rB9?eGs4", longer), weakness("kT7#vQpw2zXmrB9?eGs4u", longer)) == (None, "long")


LONGER = [("alphabet", 1), ("mixed-shortest", 12), ("mixed-longest", 20)]


@given(st.text(max_size=70) | st.text(SHOWN, max_size=70) | st.from_regex(r"\A[0-9]{3,15}\Z"))
def test_a_typed_code_is_what_its_published_pattern_says(typed: str) -> None:
    assert DIGITS.has(typed) is (re.search(r"\A[0-9]{4,13}\Z", typed) is not None)
    for form in (DIGITS, ANY):
        wanted = form.has(typed) and not (typed.isdigit() and not DIGITS.has(typed))
        if wanted:
            assert access_code.parse_typed(typed, form) == AccessCode(typed)
        else:
            with pytest.raises(ValueError, match=r"^(not 4 to 13 digits|no code looks so)$"):
                access_code.parse_typed(typed, form)


def test_a_typed_code_has_no_space_and_no_character_beyond_ascii() -> None:
    for wrong in ("kT7 #vQpw2z", "kT7é#vQpw2z", "kT7#vQpw2z\n", "７２９４", "", "abc"):
        with pytest.raises(ValueError, match="code"):
            access_code.parse_typed(wrong, ANY)
    assert access_code.parse_typed("7294", ANY).digit_count == 4
    assert access_code.parse_typed("kT7#2948", ANY).digit_count == 0


# What may be chosen.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("kT7#vQp", "short"),
        ("kT7#" * 17, "long"),
        ("7294618305", "mix"),
        ("kTsvQpwzXm", "mix"),
        ("kt7#vqpw2z", "mix"),
        ("KT7#VQPW2Z", "mix"),
        ("k Lucie7#Zp", "name"),
        ("xQ9#Exemple", "name"),
        ("xQ9#LUC1Etr", "name"),
        ("wQ#14031985", "birth"),
        ("wQ#14/03/85zT", "birth"),
        ("Rx85-03-14kW", "birth"),
        ("kW#990901zT", "nir"),
        ("kWb990.901zT", "nir"),
        ("kW#29200zTq", "postal"),
        ("Motdepasse1!", "word"),
        ("P@ssw0rd2024", "word"),
        ("Soleil123456!", "word"),
        ("Azerty123!", "run"),
        ("Qwertyuiop1", "run"),
        ("Abcdefgh1", "run"),
        ("Aaaaaaaa1!", "run"),
        ("Ab1!aB1!ab1!", "run"),
        ("Bonjour1985", "word"),
        ("Dr0wss@p1!", "word"),
    ],
)
def test_mixed_codes_that_are_easy_to_guess_are_refused_with_the_reason(code: str, reason: str) -> None:
    assert weakness(code) == reason


@pytest.mark.parametrize(
    "code", ["kT7#vQpw", "kT7vQpw2", "kTs!vQpw", "Vf;4nage-bleu7", "correct#Horse&Battery", "~" + "Rk2" + "!xW8q"]
)
def test_mixed_codes_that_nobody_can_know_are_accepted(code: str) -> None:
    assert weakness(code) is None


@given(
    st.sampled_from(sorted(WORDS)),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.text(string.digits + "!?#", min_size=1, max_size=3),
)
def test_a_liked_word_with_up_to_three_digits_or_signs_is_refused_in_any_case(
    word: str, upper: list[bool], around: str
) -> None:
    cased = "".join(letter.upper() if up else letter for letter, up in zip(word, upper, strict=False))
    assert weakness(cased + around) is not None
    assert weakness(around + cased) is not None


@given(st.text(SHOWN, min_size=1, max_size=32), st.integers(2, 8))
def test_a_block_that_comes_again_is_refused(block: str, times: int) -> None:
    assume(8 <= len(block) * times <= 64)
    assert weakness(block * times) is not None


@given(st.text(SHOWN, max_size=20), st.integers(0, 9), st.text(SHOWN, max_size=20))
def test_six_digits_of_the_own_number_in_a_row_are_in_no_mixed_code(before: str, at: int, after: str) -> None:
    assert weakness(before + "285032999090195"[at : at + 6] + after) is not None


def test_almost_every_mixed_code_that_was_drawn_is_accepted() -> None:
    drawing = Random(1)
    drawn = ["".join(drawing.choices(SHOWN, k=12)) for _ in range(300)]
    refused = [weakness(each) for each in drawn]
    assert sum(each not in (None, "mix") for each in refused) <= 3
    assert sum(each is None for each in refused) > 240


@pytest.mark.parametrize("code", ["kT7#vQpw", "7294a", "Lucie7#Zp"])
def test_where_codes_are_digits_nothing_else_is_chosen(code: str) -> None:
    assert weakness(code, RULES) is not None


# From one form to the other, and provisional codes of any length: one log-in after another.


async def test_a_code_of_digits_still_opens_after_mixed_ones_are_asked_for_and_the_next_one_is_mixed() -> None:
    store = FakeStore()
    scene = fake_scene(store)
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    store.parameters = MIXED
    assert await scene.log_in(lucie().nir, "7294", "after")
    with pytest.raises(WeakCode):
        await scene.choose(lucie(), "after", "6283", current="7294")
    await scene.choose(lucie(), "after", "kT7#vQpw", current="7294")
    store.parameters = BACK_TO_DIGITS
    assert await scene.log_in(lucie().nir, "kT7#vQpw", "back", now=NOW + DAY)


async def test_a_mixed_code_is_never_judged_as_a_provisional_one() -> None:
    store = FakeStore()
    scene = fake_scene(store)
    store.parameters = MIXED
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "kT7#vQpw")
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "kT7#vQpx", device="elsewhere")
    with pytest.raises(TooManyAttempts):
        await scene.log_in(lucie().nir, "kT7#vQpx", device="elsewhere")
    await scene.reset(lucie(), "48151623")
    assert (await scene.log_in(lucie().nir, "48151623", "reset", device="elsewhere")).scope is Scope.CODE_CHANGE


@pytest.mark.parametrize("code", ["4815", "481516", "48151623"])
@pytest.mark.parametrize("own", ["7294", "629418", "kT7#vQpw"])
async def test_a_provisional_code_opens_whatever_its_length_also_for_who_is_blocked(code: str, own: str) -> None:
    store = FakeStore()
    scene = fake_scene(store)
    alphabet = [] if own.isdigit() else [Parameter("code.own.alphabet", TODAY, 1, "test")]
    digits = Parameter("code.provisional.digits", TODAY, len(code), "test")
    store.parameters = Parameters([*BUILT_IN, digits, *alphabet])
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", code)
    assert (await scene.log_in(lucie().nir, code, "first")).scope is Scope.CODE_CHANGE
    await scene.choose(lucie(), "first", own)
    assert (await scene.log_in(lucie().nir, own, "again")).scope is Scope.FULL
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, own[::-1], device="elsewhere")
    with pytest.raises((TooManyAttempts, InvalidCredentials)):
        await scene.log_in(lucie().nir, own, device="elsewhere")
    await scene.reset(lucie(), code[::-1])
    assert (await scene.log_in(lucie().nir, code[::-1], "reset", device="elsewhere")).scope is Scope.CODE_CHANGE


@pytest.mark.parametrize(("before", "after"), [("4815", 8), ("48151623", 4), ("481516", 8)])
async def test_a_provisional_code_that_was_mailed_before_its_length_changed_still_opens(
    before: str, after: int
) -> None:
    store = FakeStore()
    scene, morning = fake_scene(store), NOW + timedelta(hours=23)
    store.parameters = rules({TODAY: len(before), TODAY + DAY: after}, "code.provisional.digits")
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", before)
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "99999", now=morning)
    assert (await scene.log_in(lucie().nir, before, "late", now=morning)).scope is Scope.CODE_CHANGE


@given(st.integers(-3, 6), st.integers(0, 47))
def test_a_length_is_a_provisional_codes_as_long_as_one_of_it_may_be_valid(days: int, hours: int) -> None:
    """Parameters change at midnight in Paris, an hour before that of UTC; codes live a day at most."""
    changed = rules({TODAY: 6}, "code.provisional.digits")
    now = NOW.replace(hour=0) + timedelta(days=days, hours=hours)
    blocked = Attempts(own=throttle.Tally(50, now))

    def judged(digits: int) -> bool:
        try:
            return throttle.count_attempt(blocked, digits, changed, now)[1].provisional
        except TooManyAttempts:
            return False

    midnight = NOW.replace(hour=0) - timedelta(hours=1)
    assert judged(6) is (now >= midnight)
    assert judged(8) is (now < midnight + DAY)
    assert not judged(0)
