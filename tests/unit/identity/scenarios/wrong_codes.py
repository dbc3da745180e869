"""Wrong codes: whom they make wait, and when the owner hears of them."""

from datetime import datetime

import pytest

from contracts.identity import LoggedIn, LogInBlocked
from services.identity.domain.access_code import CodeRefused
from services.identity.domain.challenge import Challenge, ChallengeRefused
from services.identity.domain.session import Session
from services.identity.domain.throttle import TooManyAttempts
from tests.unit.identity.fakes import NOW, SECOND, lucie
from tests.unit.identity.scenarios.devices import guess, opened
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene


@scenario
async def nobody_locks_a_known_device_out_and_its_log_ins_free_nobody_else(scene: Scene) -> None:
    await opened(scene)
    await guess(scene, 50, every=HOUR)
    now = NOW + 60 * DAY / 2 - HOUR
    for number in range(2):
        assert isinstance(await scene.try_log_in(lucie().nir, "7294", f"home {number}", now=now), Session)
        assert (await scene.last(LoggedIn)).failed_attempts_since == (0 if number else 50)
    with pytest.raises(TooManyAttempts):
        await scene.try_log_in(lucie().nir, "7294", "phone", device="phone", now=now)
    await scene.reset(lucie(), "48151623", now=now)
    await scene.log_in(lucie().nir, "48151623", "safe", now=now)
    await scene.choose(lucie(), "safe", "6283", now=now)
    assert isinstance(await scene.try_log_in(lucie().nir, "6283", "phone", device="phone", now=now), Challenge)


@scenario
async def a_known_device_has_attempts_of_its_own_and_is_forgotten_with_the_last_one(scene: Scene) -> None:
    await opened(scene)
    await guess(scene, 5, device="home")
    with pytest.raises(TooManyAttempts):
        await scene.try_log_in(lucie().nir, "7294")
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "phone", device="phone"), Challenge)
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "after a wait", now=NOW + MINUTE), Session)
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5
    await guess(scene, 50, now=NOW + DAY, device="home", every=HOUR)
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "later", now=NOW + 4 * DAY), Challenge)


@scenario
async def wrong_codes_on_a_known_device_are_told_at_once_and_again_wherever_the_owner_logs_in_next(
    scene: Scene,
) -> None:
    await opened(scene)
    await guess(scene, 5, device="home")
    blocked = await scene.last(LogInBlocked)
    assert (blocked.failed_attempts, blocked.until) == (5, NOW + MINUTE)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone")
    await scene.answer("phone", SECOND, "phone")
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "home", now=NOW + MINUTE), Session)
    assert (await scene.last(LoggedIn)).failed_attempts_since == 0


@scenario
async def wrong_codes_before_a_change_are_told_at_once_and_at_the_next_log_in(scene: Scene) -> None:
    await opened(scene)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            await scene.choose(lucie(), "first", "6283", current="9999")
    blocked = await scene.last(LogInBlocked)
    assert (blocked.failed_attempts, blocked.until) == (5, NOW + MINUTE)
    with pytest.raises(TooManyAttempts):
        await scene.choose(lucie(), "first", "6283", current="7294")
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "again"), Session)
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5


async def guess_second(scene: Scene, name: str, times: int, *, now: datetime = NOW) -> None:
    """Somebody types wrong second codes on the device of that name."""
    for number in range(times):
        with pytest.raises(ChallengeRefused):
            await scene.answer(name, f"{number:06}", name, device=name, now=now)


@scenario
async def wrong_second_codes_are_told_at_the_next_log_in_and_make_nobody_wait(scene: Scene) -> None:
    await opened(scene)
    for number in range(4):
        await scene.try_log_in(lucie().nir, "7294", f"thief {number}", device=f"thief {number}")
        await guess_second(scene, f"thief {number}", 5)
    for told in (20, 0):
        assert isinstance(await scene.try_log_in(lucie().nir, "7294", f"home, {told}"), Session)
        assert (await scene.last(LoggedIn)).failed_attempts_since == told
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "phone", device="phone"), Challenge)
    assert "LogInBlocked" not in await scene.told()


@scenario
async def a_mistyped_second_code_is_told_by_the_log_in_that_the_right_one_opens(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone")
    await guess_second(scene, "phone", 2)
    await scene.answer("phone", SECOND, "phone", device="phone")
    assert (await scene.last(LoggedIn)).failed_attempts_since == 2


@scenario
async def second_codes_that_were_not_judged_or_were_right_are_not_told_as_wrong(scene: Scene) -> None:
    await opened(scene)
    await guess_second(scene, "never asked", 1)
    await scene.try_log_in(lucie().nir, "7294", "late", device="late")
    await guess_second(scene, "late", 1, now=NOW + 11 * MINUTE)
    await scene.try_log_in(lucie().nir, "7294", "tried", device="tried")
    await guess_second(scene, "tried", 7)
    await scene.try_log_in(lucie().nir, "7294", "older", device="older")
    await scene.try_log_in(lucie().nir, "7294", "newer", device="newer")
    with pytest.raises(ChallengeRefused):
        await scene.answer("older", SECOND, "older", device="older")
    for token in ("one", "sent again"):
        await scene.answer("newer", SECOND, "newer", device="newer", token=token)
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "home"), Session)
    assert (await scene.last(LoggedIn)).failed_attempts_since == 0


@scenario
async def the_owner_is_told_when_strangers_make_them_wait_and_when_no_code_works_any_more(scene: Scene) -> None:
    await opened(scene)
    await guess(scene, 4)
    assert "LogInBlocked" not in await scene.told()
    await guess(scene, 1)
    blocked = await scene.last(LogInBlocked)
    assert (blocked.failed_attempts, blocked.until, blocked.blocked_at) == (5, NOW + MINUTE, NOW)
    await guess(scene, 45, now=NOW, every=HOUR)
    blocked = await scene.last(LogInBlocked)
    assert (blocked.failed_attempts, blocked.until) == (50, None)
    assert (await scene.told()).count("LogInBlocked") == 2


@scenario
async def the_owner_is_told_of_blocks_three_times_a_day_and_never_at_an_address_not_validated(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await guess(scene, 5)
    assert "LogInBlocked" not in await scene.told()
    now = NOW + MINUTE
    await scene.log_in(lucie().nir, "48151623", "first", now=now)
    await scene.choose(lucie(), "first", "7294", now=now)
    for number in range(5):
        await guess(scene, 5, now=now)
        now += MINUTE
        await scene.log_in(lucie().nir, "7294", str(number), now=now, device=f"new {number}")
    assert (await scene.told()).count("LogInBlocked") == 3
