"""Each line of domain 3.4, and the code part of 3.5, as a rule that is tested by its name."""

from contextlib import suppress
from datetime import date, timedelta
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.birth_date import BirthDate
from services.identity.domain import access_code, session, throttle
from services.identity.domain import account as accounts
from services.identity.domain import log_in as logging_in
from services.identity.domain.access_code import AccessCode, WeakCode, check_strength
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.device import Device, Shown, remember
from services.identity.domain.log_in import Proof
from services.identity.domain.parameters import BUILT_IN
from services.identity.domain.session import Client, Scope
from services.identity.domain.step_up import EmailNotValidated, check_email_validated
from services.identity.domain.throttle import Attempts, Judged, TooManyAttempts
from tests.unit.identity.fakes import LUCIE, NOW, RULES, FakeStore, an_account, hash_of, issued, lucie, provisional
from tests.unit.identity.scene import fake_scene, session_id

MINUTE = timedelta(minutes=1)
TOP_20 = """
    1234 1111 0000 1212 7777 1004 2000 4444 2222 6969 9999 3333 5555 6666 1122 1313 8888 4321 2001 1010
"""
KEYPAD_LINES = "123 456 789 147 258 369 159 357 321 654 987 741 852 963 951 753"


def accepted(digits: str) -> bool:
    try:
        check_strength(AccessCode(digits), lucie(), RULES, NOW)
    except WeakCode:
        return False
    return True


# Length: digits, 4 to 13.


@given(st.text(max_size=15) | st.text("0123456789", max_size=15) | st.from_regex(r"\A\d{4,13}\Z"))
def test_a_code_is_exactly_four_to_thirteen_ascii_digits(typed: str) -> None:
    if 4 <= len(typed) <= 13 and set(typed) <= set("0123456789"):
        assert access_code.parse(typed).text == typed
        assert typed not in repr(access_code.parse(typed))
    else:
        with pytest.raises(ValueError, match=r"^not 4 to 13 digits$"):
            access_code.parse(typed)


# Weak codes.


def weak_lists() -> dict[str, set[str]]:
    """The lists that guessers start with, whoever the person is."""
    days = [date(2000, 1, 1) + timedelta(days=day) for day in range(366)]
    dates = [date(1900, 1, 1) + timedelta(days=day) for day in range(0, 130 * 365, 27)]
    steps = [*range(1, 10)]
    return {
        "top 20": set(TOP_20.split()),
        "years": {str(year) for year in range(1900, 2030)},
        "days": {f"{day:{form}}" for day in days for form in ("%d%m", "%m%d")},
        "dates": {f"{day:{form}}" for day in dates for form in ("%d%m%y", "%d%m%Y", "%Y%m%d", "%y%m%d")},
        "repeats": {digit * length for digit in "0123456789" for length in range(4, 9)},
        "blocks": {f"{block:02}" * times for block in range(100) for times in (2, 3, 4)}
        | {f"{block:03}" * 2 for block in range(1000)}
        | {f"{block:04}" * 2 for block in range(10_000)},
        "two digits": {"".join(code) for pair in product("0123456789", repeat=2) for code in product(pair, repeat=4)},
        "sequences": {
            "".join(str((start + step * at) % 10) for at in range(length))
            for start, step, length in product(range(10), steps, range(4, 9))
        },
        "keypad paths": {"2580", "0852", "1470", "1478", "1236", "7896", "3698", "1254", "14789", "25896", "147896"}
        | {line + line[::-1] for line in KEYPAD_LINES.split()},
    }


WEAK = weak_lists()


@pytest.mark.parametrize("name", WEAK)
def test_every_code_of_a_well_known_list_is_refused(name: str) -> None:
    assert [code for code in sorted(WEAK[name]) if accepted(code)] == []


def test_far_more_than_the_three_thousand_weakest_codes_are_refused_three_thousand_of_four_digits() -> None:
    listed = set(chain.from_iterable(WEAK.values()))
    assert len(listed) > 15_000
    of_four = [code for code in (f"{number:04}" for number in range(10**4)) if not accepted(code)]
    assert 3_000 < len(of_four) < 3_500
    assert {code for code in listed if len(code) == 4} <= set(of_four)


@pytest.mark.parametrize("digits", ["2850", "990901", "1403", "14031985", "0385", "29200", "0000", "1234", "7777"])
def test_digits_of_the_number_the_birth_date_and_repeats_are_refused(digits: str) -> None:
    assert not accepted(digits)


def test_what_civil_status_knows_of_a_birth_date_is_refused_and_no_more() -> None:
    month, year = lucie(birth_date=BirthDate(1955, 3)), lucie(birth_date=BirthDate(1955))
    with pytest.raises(WeakCode):
        check_strength(AccessCode("0355"), month, RULES, NOW)
    check_strength(AccessCode("0355"), year, RULES, NOW)


# Comparison, life and use of codes.


def test_a_provisional_code_has_eight_digits_lives_shortly_and_an_own_code_has_no_largest_age() -> None:
    assert RULES.get("code.provisional.digits", NOW) == 8
    assert RULES.minutes("code.provisional.creation-minutes", NOW) == timedelta(days=1)
    assert RULES.minutes("code.provisional.reset-minutes", NOW) == 10 * MINUTE
    assert not [row for row in BUILT_IN if row.id.startswith("code.own") and "minutes" in row.id]
    years_later = NOW + timedelta(days=20 * 365)
    assert logging_in.proof(an_account(), hash_of("7294"), session_id("a"), years_later) is Proof.OWN_CODE


def test_a_provisional_code_opens_one_session_until_it_expires() -> None:
    account = an_account(provisional=provisional("48151623", NOW + MINUTE))
    matched = hash_of("48151623")
    assert logging_in.proof(account, matched, session_id("a"), NOW) is Proof.PROVISIONAL_CODE
    assert logging_in.proof(account, matched, session_id("a"), NOW + MINUTE) is None
    used, _ = logging_in.use_provisional(account, session_id("a"), NOW)
    assert logging_in.proof(used, matched, session_id("a"), NOW) is Proof.PROVISIONAL_CODE
    assert logging_in.proof(used, matched, session_id("b"), NOW) is None
    assert used.own_code is None


@pytest.mark.parametrize("judged", [Judged(True, True), Judged(True, False), Judged(False, True)])
def test_as_many_hashes_are_compared_known_or_not(judged: Judged) -> None:
    known, unknown = (logging_in.begin(each, Attempts(), judged, known=False) for each in (an_account(), None))
    assert len(known.candidates) == len(unknown.candidates) == judged.own + judged.provisional
    assert set(unknown.candidates) == {None}
    assert not unknown.challenges(None)
    assert known.challenges(hash_of("7294")) is judged.own


def test_a_frozen_account_is_compared_alike_and_asks_for_no_second_code() -> None:
    begun = logging_in.begin(an_account(frozen_at=NOW), Attempts(), Judged(True, False), known=False)
    assert begun.candidates == (hash_of("7294"),)
    assert not begun.challenges(hash_of("7294"))
    assert logging_in.proof(an_account(frozen_at=NOW), hash_of("7294"), session_id("a"), NOW) is None


# Lock-out: progressive, per number and per device, never for good by a stranger, reset by a success.

Tries = st.lists(st.tuples(st.integers(-60, 100 * 24 * 60), st.sampled_from([4, 6, 8, 13])), max_size=300)


@given(Tries)
def test_never_more_than_fifty_own_codes_are_judged_whatever_the_times(tries: list[tuple[int, int]]) -> None:
    attempts, judged_own, now = Attempts(), 0, NOW
    for minutes, digits in tries:
        now += minutes * MINUTE
        try:
            attempts, judged = throttle.count_attempt(attempts, digits, RULES, now)
        except TooManyAttempts:
            continue
        judged_own += judged.own
    assert judged_own == attempts.own.count <= 50
    assert throttle.stopped(attempts, RULES, now) is (attempts.own.count == 50)


def test_a_clock_that_is_moved_a_month_gives_no_attempt_back() -> None:
    attempts, now, judged_own = Attempts(), NOW, 0
    for _ in range(200):
        now += timedelta(days=30)
        try:
            attempts, judged = throttle.count_attempt(attempts, 4, RULES, now)
        except TooManyAttempts:
            continue
        judged_own += judged.own
    assert judged_own == 50


def test_a_success_frees_all_attempts_and_a_known_devices_success_only_its_own() -> None:
    tried = Attempts()
    for _ in range(5):
        tried, _ = throttle.count_attempt(tried, 4, RULES, NOW)
    assert tried.cleared() == Attempts()
    assert tried.told().own == tried.own
    assert (tried.failed, tried.right().failed, tried.told().failed) == (5, 4, 0)
    assert a_device(attempts=tried).used(NOW).attempts == Attempts()


def test_who_is_blocked_is_told_until_when() -> None:
    tried = Attempts()
    for _ in range(5):
        tried, _ = throttle.count_attempt(tried, 4, RULES, NOW)
    assert throttle.blocked_until(tried, RULES, NOW) == NOW + MINUTE
    assert throttle.refusal(tried, RULES, NOW).retry_after == 60
    stopped = Attempts(own=throttle.Tally(50, NOW))
    assert throttle.blocked_until(stopped, RULES, NOW) is None
    assert throttle.refusal(stopped, RULES, NOW).retry_after is None


@given(st.lists(st.tuples(st.integers(0, 3 * 24 * 60), st.sampled_from(["7294", "9999", "424242"])), max_size=40))
async def test_nothing_typed_on_a_known_device_changes_the_numbers_count(typed: list[tuple[int, str]]) -> None:
    store = FakeStore()
    scene, now = fake_scene(store), NOW
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    before = store.tried[lucie().nir].own
    for number, (minutes, code) in enumerate(typed):
        now += minutes * MINUTE
        if await store.devices(LUCIE, now):
            with suppress(TooManyAttempts, InvalidCredentials):
                await scene.log_in(lucie().nir, code, str(number), now=now)
            assert store.tried[lucie().nir].own == before


# Second factor, and devices remembered for 30 days.


def a_device(**but: object) -> Device:
    known = remember(session_id("device"), LUCIE, Client.WEB, before=None, rules=RULES, now=NOW)
    return Device(**{**{name: getattr(known, name) for name in known.__dataclass_fields__}, **but})


def test_a_second_code_has_six_digits_ten_minutes_and_five_tries() -> None:
    found = [RULES.get(f"challenge.{name}", NOW) for name in ("digits", "minutes", "tries", "a-day")]
    assert found == [6, 10, 5, 10]


def test_a_device_is_remembered_for_thirty_days() -> None:
    device, shown = a_device(), Shown(session_id("device"), NOW)
    assert device.trusts(shown, NOW + timedelta(days=30) - MINUTE)
    assert not device.trusts(shown, NOW + timedelta(days=30))


@given(st.integers(-(10**6), 10**6), st.booleans())
def test_a_token_of_before_the_person_was_remembered_makes_no_device_known(seconds: int, same: bool) -> None:
    shown = Shown(session_id("device" if same else "another"), NOW + timedelta(seconds=seconds))
    assert a_device().trusts(shown, NOW) is (same and seconds >= 0)


# Sessions: idle and longest durations by channel.


@pytest.mark.parametrize(
    ("client", "idle", "longest"),
    [
        (Client.WEB, timedelta(minutes=30), timedelta(hours=12)),
        (Client.IOS, timedelta(days=30), timedelta(days=30)),
        (Client.ANDROID, timedelta(days=30), timedelta(days=30)),
    ],
)
def test_a_session_idles_and_lasts_as_long_as_its_channel_allows(
    client: Client, idle: timedelta, longest: timedelta
) -> None:
    opened = session.open_session(session_id("a"), LUCIE, client=client, scope=Scope.FULL, rules=RULES, now=NOW)
    assert opened.live(NOW + idle - MINUTE)
    assert not opened.live(NOW + idle)
    late = NOW + longest - MINUTE
    continued = opened.continued(RULES, late)
    assert continued.live(late)
    assert continued.expires_at == NOW + longest


# 3.5: without a validated e-mail, no reset by oneself and no own code.


def test_no_provisional_code_goes_to_an_email_that_is_not_validated() -> None:
    account = an_account(email_validated_at=None, own_code=None, franceconnect_at=NOW)
    assert accounts.reset_code(account, issued("48151623"), known=False, stopped=False, rules=RULES, now=NOW) == (
        account,
        [],
    )
    with pytest.raises(EmailNotValidated):
        check_email_validated(account)
