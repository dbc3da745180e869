"""Accounts that nobody opened are removed a day after their code (reliability A18)."""

from datetime import datetime
from uuid import UUID

import pytest

from contracts.identity import AccountClosed, AccountCreated, ClosureReason
from contracts.problems import NotFound
from services.identity import handlers
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.links import LinkExpired
from tests.unit.identity.fakes import LUCIE, MARC, NOW, Scene, lucie, marc
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario

CLOSES_AT = NOW + 2 * DAY


async def purge(scene: Scene, now: datetime, *, most: int = 50) -> list[UUID]:
    """What the repeated task does."""
    found = await scene.run(handlers.find_unopened, handlers.FindUnopened(most, now))
    for person_id in found:
        await scene.run(handlers.close_unopened, handlers.CloseUnopened(person_id, now))
    return sorted(found)


@scenario
async def an_account_that_nobody_opened_is_closed_a_day_after_its_code(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    assert await purge(scene, CLOSES_AT - MINUTE) == []
    assert await purge(scene, CLOSES_AT) == [LUCIE]
    closed = await scene.last(AccountClosed)
    assert (closed.person_id, closed.reason, closed.closed_at) == (LUCIE, ClosureReason.NEVER_OPENED, CLOSES_AT)
    with pytest.raises(NotFound):
        await scene.profile(lucie())
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", now=CLOSES_AT)
    assert await purge(scene, CLOSES_AT) == []
    await scene.create(marc(), "lucie@exemple.invalid", "59260734", now=CLOSES_AT)
    assert (await scene.last(AccountCreated)).person_id == MARC
    await scene.create(lucie(), "other@exemple.invalid", "60371845", now=CLOSES_AT)
    assert (await scene.last(AccountCreated)).person_id == LUCIE


@scenario
async def a_new_first_code_gives_as_long_again(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + HOUR)
    assert await purge(scene, CLOSES_AT) == []
    assert await purge(scene, CLOSES_AT + HOUR) == [LUCIE]


@scenario
async def an_account_that_was_opened_is_never_closed(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.create(marc(), "marc@exemple.invalid", "59260734")
    await scene.log_in(marc().nir, "59260734", "half way")
    assert await purge(scene, NOW + 1000 * DAY) == []
    for person_id in (LUCIE, MARC):
        assert not await scene.run(handlers.close_unopened, handlers.CloseUnopened(person_id, NOW + 1000 * DAY))
    assert "AccountClosed:never-opened" not in await scene.told()


@scenario
async def two_processes_that_find_one_account_close_it_once(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    command = handlers.CloseUnopened(LUCIE, CLOSES_AT)
    assert [await scene.run(handlers.close_unopened, command) for _ in range(2)] == [True, False]
    assert (await scene.told()).count("AccountClosed:never-opened") == 1


@scenario
async def accounts_are_closed_a_few_at_a_time(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(marc(), "marc@exemple.invalid", "48151623")
    found = [await purge(scene, CLOSES_AT, most=1) for _ in range(3)]
    assert sorted(found) == [[], *sorted([[LUCIE], [MARC]])]


@scenario
async def an_account_that_gave_way_is_closed_once_and_nothing_is_kept_of_it_a_day_later(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(marc(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + HOUR)
    await scene.log_in(lucie().nir, "59260734", now=NOW + HOUR)
    old_link = handlers.FreezeAccount(FreezeLink("a mail", MARC, NOW), NOW + HOUR)
    with pytest.raises(LinkExpired):
        await scene.run(handlers.freeze_account, old_link)
    assert await purge(scene, NOW + HOUR + DAY - MINUTE) == []
    assert await purge(scene, NOW + HOUR + DAY) == [MARC]
    with pytest.raises(NotFound):
        await scene.profile(marc())
    assert (await scene.told()).count("AccountClosed:never-opened") == 1
    await scene.create(marc(), "marc@exemple.invalid", "60371845", now=NOW + 3 * DAY)
    assert await scene.log_in(marc().nir, "60371845", "marc", now=NOW + 3 * DAY)
