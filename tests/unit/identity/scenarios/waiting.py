"""Whoever asked for a code tries it apart from everybody else who knows the number."""

from uuid import UUID, uuid5

import pytest

from contracts.identity import CodeReset
from services.identity.domain.session import Scope, Session
from services.identity.domain.throttle import TooManyAttempts
from tests.unit.identity.fakes import LUCIE, NOW, lucie
from tests.unit.identity.scenarios import emails
from tests.unit.identity.scenarios.devices import guess
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene

MAILED = "59260734"
HERS = uuid5(LUCIE, "her request")


async def a_stranger_types(scene: Scene, minutes: int) -> None:
    """A wrong code that might have been mailed, each minute, from a device of theirs."""
    for minute in range(minutes):
        try:
            await scene.try_log_in(lucie().nir, "00000001", f"stranger {minute}", now=NOW + minute * MINUTE, device="x")
        except TooManyAttempts:
            continue


async def comes_in(scene: Scene, code: str, name: str, *, minutes: int, waiting: UUID | None = HERS) -> bool:
    """Whether Lucie gets in on a new telephone so many minutes later."""
    now = NOW + minutes * MINUTE
    found = await scene.try_log_in(lucie().nir, code, name, now=now, device="new phone", waiting=waiting)
    return isinstance(found, Session) and found.scope is Scope.CODE_CHANGE


@scenario
async def a_stranger_who_types_a_code_each_minute_keeps_nobody_from_the_code_they_asked_for(scene: Scene) -> None:
    await emails.an_account(scene)
    await a_stranger_types(scene, 60)
    await scene.reset(lucie(), MAILED, now=NOW + 59 * MINUTE, waiting=HERS)
    with pytest.raises(TooManyAttempts):
        await comes_in(scene, MAILED, "without", minutes=60, waiting=None)
    assert not await comes_in(scene, "00000002", "mistyped", minutes=60)
    assert await comes_in(scene, MAILED, "in", minutes=60)


@scenario
async def a_request_allows_five_tries_for_a_day_and_only_on_its_own_number(scene: Scene) -> None:
    await emails.an_account(scene)
    await a_stranger_types(scene, 60)
    await scene.reset(lucie(), MAILED, now=NOW + 59 * MINUTE, waiting=HERS)
    for number in range(5):
        assert not await comes_in(scene, f"0000001{number}", f"guess {number}", minutes=60)
    for waiting in (HERS, uuid5(LUCIE, "a request that nobody made")):
        with pytest.raises(TooManyAttempts):
            await comes_in(scene, MAILED, "in", minutes=60, waiting=waiting)


@scenario
async def a_code_of_ones_own_is_judged_all_the_same_while_nobody_blocks_the_number(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), emails.OLD, "72946183")
    await scene.reset(lucie(), MAILED, waiting=HERS)
    for name in ("one", "two"):
        assert await scene.try_log_in(lucie().nir, "72946183", name, device="elsewhere", waiting=HERS)


@scenario
async def a_request_of_yesterday_counts_for_nothing(scene: Scene) -> None:
    await emails.an_account(scene)
    await scene.reset(lucie(), "31415926", now=NOW - DAY, waiting=HERS)
    await a_stranger_types(scene, 60)
    await scene.reset(lucie(), MAILED, now=NOW + HOUR)
    with pytest.raises(TooManyAttempts):
        await comes_in(scene, MAILED, "in", minutes=60)


@scenario
async def a_stranger_who_stops_the_number_and_uses_up_the_mails_of_the_day_keeps_its_owner_out_at_no_hour(
    scene: Scene,
) -> None:
    await emails.an_account(scene)
    await guess(scene, 50, device="x", every=HOUR)
    midnight = NOW + 3 * DAY
    for minute, code in enumerate(("31415926", MAILED)):
        await scene.reset(lucie(), code, now=midnight + minute * MINUTE, device="x")
    mailed = await scene.told()
    evening = 20 * 60
    await scene.reset(lucie(), "27182818", now=midnight + evening * MINUTE, device="new phone", waiting=HERS)
    assert await scene.told() == mailed
    assert await comes_in(scene, MAILED, "in", minutes=3 * 24 * 60 + evening)


@scenario
async def a_code_lives_for_minutes_unless_the_own_code_is_stopped(scene: Scene) -> None:
    await emails.an_account(scene)
    await guess(scene, 49, device="x", every=HOUR)
    now = NOW + 3 * DAY
    await scene.reset(lucie(), MAILED, now=now)
    assert (await scene.last(CodeReset)).code_expires_at == now + 10 * MINUTE
    await guess(scene, 1, device="x", now=now)
    await scene.reset(lucie(), "31415926", now=now)
    assert (await scene.last(CodeReset)).code_expires_at == now + DAY
