"""Provisional and own codes: used, replaced, refused, and tried too often."""

import pytest

from contracts.channel import Channel
from contracts.identity import CodeReset, LoggedIn, SessionRevoked
from contracts.problems import Unauthenticated
from services.identity.domain.access_code import CodeRefused, WeakCode
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.session import Client, Scope
from services.identity.domain.throttle import TooManyAttempts
from tests.unit.identity.fakes import NOW, hash_of, lucie, marc
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


@scenario
async def the_first_log_in_validates_the_email_and_can_only_choose_a_code(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    session = await scene.log_in(lucie().nir, "48151623", client=Client.IOS)
    assert (session.scope, session.client.channel) == (Scope.CODE_CHANGE, Channel.APP)
    assert await scene.told() == ["AccountCreated", "EmailValidated", "LoggedIn"]
    assert not (await scene.profile(lucie())).account.pending
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", "again")


@scenario
async def a_provisional_code_expires(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", now=NOW + DAY)
    assert (await scene.told()) == ["AccountCreated"]


@scenario
async def whoever_let_the_first_code_expire_asks_again_by_the_same_form(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + DAY)
    assert await scene.told() == ["AccountCreated", "CodeReset:unused"]
    session = await scene.log_in(lucie().nir, "59260734", now=NOW + 2 * DAY - MINUTE)
    assert session.scope is Scope.CODE_CHANGE


@scenario
async def a_session_that_may_only_choose_a_code_lasts_half_an_hour_on_every_device(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.log_in(lucie().nir, "48151623", "phone", client=Client.ANDROID)
    assert await scene.refresh("phone", "phone-2", now=NOW + 29 * MINUTE)
    assert await scene.refresh("phone-2", "phone-3", now=NOW + 30 * MINUTE) is None
    with pytest.raises(Unauthenticated):
        await scene.choose(lucie(), "phone", "7294", now=NOW + 30 * MINUTE)


@scenario
async def choosing_a_code_widens_this_session_and_ends_the_others(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    assert (widened := await scene.refresh("first", "first-2"))
    assert widened.scope is Scope.FULL
    await scene.log_in(lucie().nir, "7294", "phone", client=Client.ANDROID)
    with pytest.raises(CodeRefused):
        await scene.choose(lucie(), "first", "6283")
    with pytest.raises(CodeRefused):
        await scene.choose(lucie(), "first", "6283", current="9999")
    await scene.choose(lucie(), "first", "6283", current="7294")
    assert (await scene.told())[-2:] == ["CodeChosen", "SessionRevoked"]
    assert (await scene.last(SessionRevoked)).session_ids == (session_id("phone"),)
    assert await scene.devices(lucie()) == [session_id("first")]
    assert await scene.refresh("phone", "phone-2") is None
    with pytest.raises(Unauthenticated):
        await scene.choose(lucie(), "phone", "6284", current="6283")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "7294")
    assert await scene.log_in(lucie().nir, "6283")


@scenario
async def a_weak_code_is_refused_and_changes_nothing(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.log_in(lucie().nir, "48151623", "first")
    with pytest.raises(WeakCode):
        await scene.choose(lucie(), "first", "1403")
    assert (await scene.profile(lucie())).account.own_code is None


@scenario
async def somebody_elses_session_cannot_choose_a_code(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    with pytest.raises(Unauthenticated):
        await scene.choose(marc(), "first", "6283", current="7294")


@scenario
async def the_old_code_works_until_the_new_one_is_used(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.reset(lucie(), "48151623")
    reset = await scene.last(CodeReset)
    assert (reset.reason, reset.code_expires_at) == ("forgotten", NOW + 10 * MINUTE)
    assert (await scene.log_in(lucie().nir, "7294", "a")).scope is Scope.FULL
    assert (await scene.log_in(lucie().nir, "48151623", "b")).scope is Scope.CODE_CHANGE
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "7294", "c")


@scenario
async def the_newest_provisional_code_wins_and_at_most_three_are_sent_a_day(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for number in range(5):
        await scene.reset(lucie(), f"4815162{number}", now=NOW + number * MINUTE)
    assert (await scene.told()).count("CodeReset:forgotten") == 3
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151621", now=NOW + 5 * MINUTE)
    assert await scene.log_in(lucie().nir, "48151622", now=NOW + 5 * MINUTE)
    await scene.reset(lucie(), "48151629", now=NOW + DAY)
    assert (await scene.told()).count("CodeReset:forgotten") == 4


@scenario
async def strangers_never_get_the_last_code_of_a_day_which_is_kept_for_a_known_device(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for number in range(5):
        await scene.reset(lucie(), f"4815162{number}", device="a stranger's")
    assert (await scene.told()).count("CodeReset:forgotten") == 2
    for number in range(2):
        await scene.reset(lucie(), f"5926073{number}", now=NOW + HOUR)
    assert (await scene.told()).count("CodeReset:forgotten") == 3
    assert await scene.log_in(lucie().nir, "59260730", now=NOW + HOUR)


@scenario
async def the_sixth_try_waits_known_number_or_not(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for number in (lucie().nir, marc().nir):
        for _ in range(5):
            with pytest.raises(InvalidCredentials):
                await scene.log_in(number, "9999", device="elsewhere")
        with pytest.raises(TooManyAttempts) as refused:
            await scene.log_in(number, "7294", device="elsewhere")
        assert refused.value.retry_after == 60
    later = await scene.log_in(lucie().nir, "7294", "later", now=NOW + MINUTE, device="elsewhere")
    assert later.scope is Scope.FULL
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "9999", now=NOW + MINUTE)


@scenario
async def after_fifty_tries_only_a_provisional_code_opens_the_account(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    now = NOW
    for _ in range(50):
        now += HOUR
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "9999", now=now, device="elsewhere")
    now += 30 * DAY
    with pytest.raises(TooManyAttempts):
        await scene.log_in(lucie().nir, "7294", now=now, device="elsewhere")
    await scene.reset(lucie(), "48151623", now=now)
    await scene.log_in(lucie().nir, "48151623", "safe", now=now)
    await scene.choose(lucie(), "safe", "6283", now=now)
    assert await scene.log_in(lucie().nir, "6283", "free again", now=now, device="elsewhere")


@scenario
async def a_stolen_session_cannot_try_codes_for_ever_and_does_not_lock_the_owner_out(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for _ in range(5):
        with pytest.raises(CodeRefused):
            await scene.choose(lucie(), "first", "6283", current="9999")
    with pytest.raises(TooManyAttempts):
        await scene.choose(lucie(), "first", "6283", current="7294")
    assert await scene.log_in(lucie().nir, "7294", "owner")


@scenario
async def an_own_code_is_kept_under_its_new_hash_once_it_was_right(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for device in ("elsewhere", "home"):
        await scene.try_log_in(lucie().nir, "7294", device, device=device, rehashed=hash_of(f"7294 {device}"))
        assert (await scene.profile(lucie())).account.own_code == hash_of(f"7294 {device}")
        await scene.reset(lucie(), f"4815162{len(device)}")
        await scene.log_in(lucie().nir, f"4815162{len(device)}", f"again {device}")
        await scene.choose(lucie(), f"again {device}", "7294")
