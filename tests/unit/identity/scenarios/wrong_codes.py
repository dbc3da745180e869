"""Wrong codes: whom they make wait, and when the owner hears of them."""

import pytest

from contracts.identity import LoggedIn, LogInBlocked
from services.identity.domain.access_code import CodeRefused
from services.identity.domain.challenge import Challenge
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
