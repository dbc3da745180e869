"""Logging in, staying in, logging out."""

import pytest

from contracts.birth_date import BirthDate
from contracts.channel import Channel
from contracts.identity import LoggedIn, SessionRevoked
from contracts.problems import NotFound, Unauthenticated
from services.identity.domain.challenge import Challenge
from services.identity.domain.session import Client
from tests.unit.identity.fakes import NOW, lucie, marc
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


@scenario
async def nobody_gets_a_reset_for_a_wrong_birth_date_an_unknown_number_or_an_email_not_validated(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.reset(lucie(), "48151623")
    await scene.reset(marc(), "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.reset(lucie(), "59260734")
    for later in (HOUR, DAY, 2 * DAY):
        await scene.reset(lucie(), "59260734", now=NOW + later)
    assert await scene.told() == ["AccountCreated"]
    await scene.create(lucie(), "lucie@exemple.invalid", "60371845", now=NOW + 2 * DAY)
    await scene.log_in(lucie().nir, "60371845", now=NOW + 2 * DAY)
    await scene.reset(lucie(), "59260734", birth_date=BirthDate(1985, 3, 15), now=NOW + 2 * DAY)
    assert (await scene.told())[:2] == ["AccountCreated", "CodeReset:unused"]
    assert "CodeReset:forgotten" not in await scene.told()


@scenario
async def a_log_in_tells_of_the_one_before(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.log_in(lucie().nir, "7294", "a", now=NOW + HOUR, client=Client.IOS)
    await scene.log_in(lucie().nir, "7294", "b", now=NOW + 2 * HOUR)
    last = await scene.last(LoggedIn)
    assert last.previous is not None
    assert (last.previous.at, last.previous.channel) == (NOW + HOUR, Channel.APP)
    assert (last.current.at, last.session_id, last.failed_attempts_since) == (NOW + 2 * HOUR, session_id("b"), 0)


@scenario
async def a_refresh_token_works_once_and_ends_the_session_when_it_comes_again(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    assert (continued := await scene.refresh("first", "first-2", now=NOW + 20 * MINUTE))
    assert continued.expires_at == NOW + 50 * MINUTE
    assert await scene.refresh("first", "first-3", now=NOW + 21 * MINUTE) is None
    assert (await scene.last(SessionRevoked)).session_ids == (session_id("first"),)
    assert await scene.refresh("first-2", "first-4", now=NOW + 21 * MINUTE) is None
    assert await scene.refresh("never given", "x") is None
    assert (await scene.told()).count("SessionRevoked") == 1
    assert (await scene.last(SessionRevoked)).copied


@scenario
async def the_device_of_a_copied_session_is_not_known_any_more(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    assert await scene.refresh("first", "first-2")
    assert await scene.refresh("first", "copy") is None
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "again"), Challenge)


@scenario
async def a_log_in_that_is_sent_again_finds_its_session(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    first = await scene.log_in(lucie().nir, "48151623", "first")
    assert (await scene.log_in(lucie().nir, "48151623", "first", token="first again")).id == first.id
    assert (await scene.told()).count("LoggedIn") == 1
    await scene.choose(lucie(), "first", "7294")
    assert await scene.refresh("first again", "next")
    await scene.log_in(lucie().nir, "7294", "phone")
    await scene.log_in(lucie().nir, "7294", "phone", token="phone again")
    assert (await scene.told()).count("LoggedIn") == 2
    await scene.end(lucie(), "phone")
    with pytest.raises(Unauthenticated):
        await scene.log_in(lucie().nir, "7294", "phone", token="phone at last")


@scenario
async def a_refresh_that_is_sent_again_gets_the_same_next_token(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    assert await scene.refresh("first", "first-2")
    assert await scene.refresh("first", "first-2")
    assert await scene.refresh("first-2", "first-3")
    assert await scene.refresh("first", "first-2") is None
    assert await scene.refresh("first-3", "first-4") is None


@scenario
async def an_idle_web_session_is_over_after_half_an_hour_and_any_after_twelve_hours(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    assert await scene.refresh("first", "idle", now=NOW + 30 * MINUTE) is None
    await scene.log_in(lucie().nir, "7294", "0")
    step = 0
    while await scene.refresh(str(step), str(step + 1), now=NOW + (step + 1) * 25 * MINUTE):
        step += 1
    assert step == 28


@scenario
async def a_person_ends_own_sessions_and_never_anothers(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.log_in(lucie().nir, "7294", "phone", client=Client.IOS, now=NOW + MINUTE)
    assert await scene.devices(lucie()) == [session_id("phone"), session_id("first")]
    for person, name in ((marc(), "phone"), (lucie(), "unknown")):
        with pytest.raises(NotFound):
            await scene.end(person, name)
    await scene.end(lucie(), "phone")
    with pytest.raises(NotFound):
        await scene.end(lucie(), "phone")
    await scene.log_out(lucie(), "first")
    await scene.log_out(lucie(), "first")
    await scene.log_out(marc(), "first")
    assert await scene.devices(lucie()) == []
    assert (await scene.told())[-2:] == ["SessionRevoked", "SessionRevoked"]


@scenario
async def of_more_than_fifty_sessions_the_least_recently_used_end(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for number in range(50):
        now = NOW + (number + 1) * MINUTE / 10
        await scene.log_in(lucie().nir, "7294", str(number), now=now, client=Client.IOS)
    assert (await scene.last(SessionRevoked)).session_ids == (session_id("first"),)
    assert len(await scene.devices(lucie(), now=NOW + 5 * MINUTE)) == 50
    await scene.log_in(lucie().nir, "7294", "one more", now=NOW + 6 * MINUTE)
    assert (await scene.last(SessionRevoked)).session_ids == (session_id("0"),)
    assert (await scene.told()).count("SessionRevoked") == 2
