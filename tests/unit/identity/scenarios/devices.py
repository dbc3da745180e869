"""Known devices, the second code of unknown ones, and what strangers can and cannot block (B3, reliability A1)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.channel import Channel
from contracts.identity import AccountReopened, DeviceChallenged, LoggedIn, SessionRevoked
from contracts.problems import NotFound
from services.identity import handlers
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.challenge import Challenge, ChallengeRefused
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.session import Client, Scope, Session
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers import Store, devices
from tests.unit.identity.fakes import LUCIE, MARC, NOW, SECOND, lucie, marc
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


async def opened(scene: Scene) -> None:
    """Lucie has an account, and is known at home."""
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")


def make_known(device: UUID, person: UUID, client: Client, now: datetime) -> Callable[[None, Store], Awaitable[None]]:
    """The person is known on this device from then on."""

    async def step(_: None, store: Store) -> None:
        await devices.make_known(device, person, client, store, now)

    return step


async def known(scene: Scene, name: str, person: InsuredPerson, *, now: datetime = NOW) -> handlers.KnownDevices:
    """The devices the person of the session of that name is known on."""
    query = handlers.ListDevices(person.id, session_id(name), now)
    found: handlers.KnownDevices = await scene.run(handlers.list_devices, query)
    return found


async def guess(scene: Scene, times: int, *, now: datetime = NOW, device: str = "elsewhere", every: Any = None) -> None:
    """Somebody types wrong codes."""
    for _ in range(times):
        now += every or 0 * MINUTE
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "9999", "thief", now=now, device=device)


@scenario
async def a_device_that_is_not_to_be_remembered_is_asked_for_a_second_code_again(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for name in ("one", "two"):
        assert isinstance(await scene.try_log_in(lucie().nir, "7294", name, device="shared"), Challenge)
        session = await scene.answer(name, SECOND, name, device="shared", remember=False)
        assert (session.device, session.remembered) == (None, False)
    assert (await scene.profile(lucie())).devices == 1


@scenario
async def a_device_that_is_not_known_needs_a_second_code_and_is_known_from_then_on(scene: Scene) -> None:
    await opened(scene)
    asked = await scene.try_log_in(lucie().nir, "7294", "phone", device="phone", client=Client.IOS)
    assert isinstance(asked, Challenge)
    challenged = await scene.last(DeviceChallenged)
    assert (challenged.channel, challenged.code_expires_at) == (Channel.APP, NOW + 10 * MINUTE)
    assert (await scene.told()).count("LoggedIn") == 1
    session = await scene.answer("phone", SECOND, "phone", device="phone", client=Client.IOS)
    assert (session.scope, session.client, session.device) == (Scope.FULL, Client.IOS, asked.device)
    last = await scene.last(LoggedIn)
    assert (last.failed_attempts_since, last.new_device) == (0, False)
    later = NOW + 29 * DAY
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "again", device="phone", now=later), Session)
    found = await known(scene, "again", lucie(), now=later)
    assert [each.client for each in found.devices] == [Client.IOS, Client.WEB]
    assert found.current == asked.device


@scenario
async def a_device_is_known_for_thirty_days(scene: Scene) -> None:
    await opened(scene)
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "a", now=NOW + 30 * DAY - MINUTE), Session)
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "b", now=NOW + 30 * DAY), Challenge)
    assert (await known(scene, "a", lucie(), now=NOW + 30 * DAY)).devices == []


@scenario
async def a_second_code_is_tried_five_times_and_typed_where_the_first_one_was(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone", client=Client.IOS)
    with pytest.raises(ChallengeRefused):
        await scene.answer("phone", SECOND, "phone", client=Client.ANDROID)
    for code in ("000000", "000001", "000002", "000003", "000004", SECOND):
        with pytest.raises(ChallengeRefused):
            await scene.answer("phone", code, "phone", client=Client.IOS)
    with pytest.raises(ChallengeRefused):
        await scene.answer("never asked", SECOND, "phone", client=Client.IOS)
    assert (await scene.told()).count("LoggedIn") == 1


@scenario
async def a_second_code_lives_ten_minutes_and_the_newest_counts(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "a", device="phone")
    await scene.try_log_in(lucie().nir, "7294", "b", device="phone", now=NOW + MINUTE)
    with pytest.raises(ChallengeRefused):
        await scene.answer("a", SECOND, "a", now=NOW + MINUTE)
    with pytest.raises(ChallengeRefused):
        await scene.answer("b", SECOND, "b", now=NOW + 11 * MINUTE)
    assert await scene.answer("b", SECOND, "b", now=NOW + 11 * MINUTE - MINUTE / 60)


@scenario
async def a_second_code_is_worth_nothing_once_the_first_was_replaced(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "a", device="phone")
    await scene.choose(lucie(), "first", "6283", current="7294")
    with pytest.raises(ChallengeRefused):
        await scene.answer("a", SECOND, "a")
    await scene.try_log_in(lucie().nir, "6283", "b", device="phone")
    await scene.reset(lucie(), "48151623")
    await scene.log_in(lucie().nir, "48151623", "c")
    with pytest.raises(ChallengeRefused):
        await scene.answer("b", SECOND, "b")


@scenario
async def what_is_sent_again_mails_once_and_opens_one_session(scene: Scene) -> None:
    await opened(scene)
    for _ in range(2):
        assert isinstance(await scene.try_log_in(lucie().nir, "7294", "phone", device="phone"), Challenge)
    assert (await scene.told()).count("DeviceChallenged") == 1
    first = await scene.answer("phone", SECOND, "phone")
    assert (await scene.answer("phone", SECOND, "phone", token="again")).id == first.id
    with pytest.raises(ChallengeRefused):
        await scene.answer("phone", SECOND, "another")
    assert (await scene.told()).count("LoggedIn") == 2
    assert (await scene.last(LoggedIn)).failed_attempts_since == 0
    assert await scene.refresh("again", "next")


@scenario
async def a_log_in_that_is_sent_again_when_its_challenge_is_over_gets_another_second_code(scene: Scene) -> None:
    await opened(scene)
    asked = [
        await scene.try_log_in(lucie().nir, "7294", "phone", device="phone", now=NOW + passed)
        for passed in (0 * MINUTE, 9 * MINUTE, 11 * MINUTE)
    ]
    assert [isinstance(each, Challenge) and each.expires_at - NOW for each in asked] == [
        10 * MINUTE,
        10 * MINUTE,
        21 * MINUTE,
    ]
    assert (await scene.told()).count("DeviceChallenged") == 2
    assert await scene.answer("phone", SECOND, "phone", now=NOW + 12 * MINUTE)


@scenario
async def ten_second_codes_a_day_are_mailed_and_a_provisional_code_helps(scene: Scene) -> None:
    await opened(scene)
    now = NOW
    for number in range(10):
        now += HOUR
        assert isinstance(await scene.try_log_in(lucie().nir, "7294", str(number), device="x", now=now), Challenge)
    now += HOUR
    with pytest.raises(TooManyAttempts) as refused:
        await scene.try_log_in(lucie().nir, "7294", "10", device="x", now=now)
    assert refused.value.retry_after == 14 * 3600
    await scene.reset(lucie(), "48151623", now=now)
    assert await scene.log_in(lucie().nir, "48151623", "safe", device="x", now=now)


@scenario
async def two_persons_share_a_browser_and_an_older_copy_of_its_token_knows_only_the_first(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(marc(), "marc@exemple.invalid", "6283")
    scene.copy_token("home", "copy")
    later = NOW + MINUTE
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=later)
    first = await scene.log_in(lucie().nir, "59260734", "lucie", now=later)
    await scene.choose(lucie(), "lucie", "7294", now=later)
    [hers], [his] = [(await known(scene, "lucie", person)).devices for person in (lucie(), marc())]
    assert hers.id == his.id == first.device
    assert {hers.person_id, his.person_id} == {LUCIE, MARC}
    assert isinstance(await scene.try_log_in(marc().nir, "6283", "b", device="copy", now=later), Session)
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "c", device="copy", now=later), Challenge)
    for person, code in ((lucie(), "7294"), (marc(), "6283")):
        assert isinstance(await scene.try_log_in(person.nir, code, code, now=later), Session)


@scenario
async def an_older_copy_of_a_shared_browsers_token_is_not_renewed_for_the_others_who_use_it(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(marc(), "marc@exemple.invalid", "6283")
    scene.copy_token("home", "copy")
    later = NOW + MINUTE
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=later)
    first = await scene.log_in(lucie().nir, "59260734", "lucie", now=later)
    await scene.choose(lucie(), "lucie", "7294", now=later)
    assert first.device
    await scene.run(handlers.forget_device, handlers.ForgetDevice(MARC, first.device, later))
    again = await scene.log_in(marc().nir, "6283", "marc, elsewhere", device="copy", now=later)
    assert again.device != first.device
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "thief", device="copy", now=later), Challenge)


@scenario
async def of_more_than_fifty_devices_the_least_recently_used_is_forgotten(scene: Scene) -> None:
    await opened(scene)
    made = [make_known(UUID(int=number), LUCIE, Client.IOS, NOW + number * MINUTE) for number in range(1, 51)]
    for step in made:
        await scene.run(step, None)
    now = NOW + HOUR
    ids = {each.id for each in (await known(scene, "first", lucie(), now=now)).devices}
    assert ids == {UUID(int=number) for number in range(1, 51)}


@scenario
async def a_forgotten_device_is_not_known_and_its_sessions_end(scene: Scene) -> None:
    await opened(scene)
    session = await scene.log_in(lucie().nir, "7294", "phone", device="phone")
    assert session.device
    await scene.register(marc())
    for person, device in ((marc(), session.device), (lucie(), UUID(int=1))):
        with pytest.raises(NotFound):
            await scene.run(handlers.forget_device, handlers.ForgetDevice(person.id, device, NOW))
    await scene.run(handlers.forget_device, handlers.ForgetDevice(LUCIE, session.device, NOW))
    assert (await scene.last(SessionRevoked)).session_ids == (session_id("phone"),)
    asked = await scene.try_log_in(lucie().nir, "7294", "again", device="phone")
    assert isinstance(asked, Challenge)
    assert asked.device != session.device
    with pytest.raises(NotFound):
        await scene.run(handlers.forget_device, handlers.ForgetDevice(LUCIE, session.device, NOW))


@scenario
async def a_frozen_account_opens_for_a_code_that_came_by_email_alone(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "asked before", device="phone")

    async def freeze(now: datetime, store: handlers.Store) -> None:
        account = await store.account(LUCIE)
        assert account
        await store.save_account(replace(account, frozen_at=now))

    await scene.run(freeze, NOW)
    for device in ("home", "elsewhere"):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "7294", "thief", device=device)
    with pytest.raises(ChallengeRefused):
        await scene.answer("asked before", SECOND, "thief")
    assert await scene.refresh("first", "first-2") is None
    await scene.reset(lucie(), "48151623")
    session = await scene.log_in(lucie().nir, "48151623", "owner", device="new")
    assert session.scope is Scope.CODE_CHANGE
    assert (await scene.last(AccountReopened)).way == "code"
    assert (await scene.told())[-2:] == ["AccountReopened", "LoggedIn"]
    await scene.choose(lucie(), "owner", "6283")
    assert isinstance(await scene.try_log_in(lucie().nir, "6283", "at last", device="new"), Session)


@scenario
async def logging_out_everywhere_ends_every_session(scene: Scene) -> None:
    await opened(scene)
    await scene.log_in(lucie().nir, "7294", "phone", device="phone")
    await scene.run(handlers.end_sessions, handlers.EndSessions(LUCIE, NOW))
    assert set((await scene.last(SessionRevoked)).session_ids) == {session_id("first"), session_id("phone")}
    assert await scene.devices(lucie()) == []
    assert await scene.refresh("first", "first-2") is None
    await scene.run(handlers.end_sessions, handlers.EndSessions(LUCIE, NOW))
    assert (await scene.told()).count("SessionRevoked") == 1
    assert isinstance(await scene.try_log_in(lucie().nir, "7294", "still known"), Session)
