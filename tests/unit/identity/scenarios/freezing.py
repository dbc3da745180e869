"""“Ce n'est pas moi”: the account is closed to everybody, once a link, and opens for its owner alone."""

from datetime import datetime

import pytest

from contracts.identity import AccountFrozen, AccountReopened, SessionRevoked
from services.identity import handlers
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.links import LinkExpired
from services.identity.domain.passkey import PasskeyRefused
from services.identity.domain.session import Scope
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie
from tests.unit.identity.scenarios import emails, federation, passkeys
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


async def freeze(scene: Scene, mail: str = "mail", *, now: datetime = NOW, sent: datetime | None = None) -> None:
    """Lucie follows the link of that mail, sent just before if nothing else is said."""
    await scene.run(handlers.freeze_account, handlers.FreezeAccount(FreezeLink(mail, LUCIE, sent or now), now))


@scenario
async def a_frozen_account_opens_by_nothing_that_a_thief_may_have(scene: Scene) -> None:
    await passkeys.an_account_with_a_passkey(scene)
    await scene.log_in(lucie().nir, "7294", "thief")
    await scene.reset(lucie(), "59260734")
    await emails.change(scene, emails.NEW, "token")
    await freeze(scene, now=NOW + MINUTE)
    assert await scene.devices(lucie(), now=NOW + MINUTE) == []
    assert set((await scene.last(SessionRevoked)).session_ids) == {session_id("first"), session_id("thief")}
    for code in ("7294", "59260734"):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, code, code, now=NOW + HOUR)
    with pytest.raises(PasskeyRefused):
        await passkeys.log_in(scene, "in", "phone", 2, now=NOW + HOUR)
    with pytest.raises(LinkExpired):
        await emails.validate(scene, "token", now=NOW + HOUR)
    assert await scene.refresh("thief", "thief-2", now=NOW + 2 * MINUTE) is None
    profile = await scene.profile(lucie(), now=NOW + HOUR)
    assert (profile.passkeys, profile.devices, profile.pending_email) == (0, 0, None)
    assert (await scene.last(AccountFrozen)).frozen_at == NOW + MINUTE


@scenario
async def whoever_reads_a_mistyped_address_cannot_freeze_the_account_that_the_owner_then_opens(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "mistyped@exemple.invalid", "48151623")
    await federation.arrive(scene, lucie(), "owner", now=NOW + HOUR)
    with pytest.raises(LinkExpired):
        await freeze(scene, "welcome", now=NOW + 2 * HOUR, sent=NOW + MINUTE)
    await freeze(scene, "new device", now=NOW + 2 * HOUR, sent=NOW + HOUR)


@scenario
async def freezing_again_changes_nothing_and_an_old_link_cannot_freeze_a_reopened_account(scene: Scene) -> None:
    await emails.an_account(scene)
    for mail in ("mail", "mail", "another mail"):
        await freeze(scene, mail)
    assert (await scene.told()).count("AccountFrozen") == 1
    await scene.reset(lucie(), "59260734", now=NOW + HOUR)
    session = await scene.log_in(lucie().nir, "59260734", "back", now=NOW + HOUR)
    assert session.scope is Scope.CODE_CHANGE
    assert (await scene.profile(lucie())).account.frozen_at is None
    for mail in ("mail", "another mail", "a mail that nobody followed until now"):
        with pytest.raises(LinkExpired):
            await freeze(scene, mail, now=NOW + HOUR, sent=NOW)
    await freeze(scene, "a newer mail", now=NOW + 2 * HOUR)
    assert (await scene.told()).count("AccountFrozen") == 2


@scenario
async def a_thief_who_changed_the_address_first_gets_no_code_however_long_they_wait(scene: Scene) -> None:
    await emails.an_account(scene)
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token")
    await freeze(scene, now=NOW + 5 * DAY)
    for days in (5, 40):
        await scene.reset(lucie(), "59260734", now=NOW + days * DAY)
    assert "CodeReset:forgotten" not in await scene.told()


@scenario
async def a_thiefs_address_is_given_up_when_franceconnect_reopens_the_account(scene: Scene) -> None:
    await emails.an_account(scene)
    await federation.arrive(scene, lucie(), "fc")
    await federation.link(scene, "fc")
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token")
    await freeze(scene, now=NOW + DAY)
    later = NOW + 2 * DAY
    assert (await federation.arrive(scene, lucie(), "owner", now=later)).session
    assert (await scene.last(AccountReopened)).address_dropped
    assert await emails.addresses(scene, now=later) == (None, None)
    await scene.reset(lucie(), "59260734", now=later)
    assert "CodeReset:forgotten" not in await scene.told()
    await emails.change(scene, emails.OLD, "mine", session="owner", code=None, now=later)
    await emails.validate(scene, "mine", now=later)
    await scene.reset(lucie(), "59260734", now=later)
    assert (await scene.told())[-1] == "CodeReset:forgotten"


@scenario
async def an_address_that_could_have_reopened_the_account_stays(scene: Scene) -> None:
    await emails.an_account(scene)
    await federation.arrive(scene, lucie(), "fc")
    await federation.link(scene, "fc")
    await freeze(scene)
    await federation.arrive(scene, lucie(), "owner", now=NOW + HOUR)
    assert not (await scene.last(AccountReopened)).address_dropped
    assert await emails.addresses(scene) == (emails.OLD, None)


@scenario
async def an_address_that_is_older_than_that_reopens_the_account(scene: Scene) -> None:
    await emails.an_account(scene)
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token")
    await freeze(scene, now=NOW + 30 * DAY)
    await scene.reset(lucie(), "59260734", now=NOW + 30 * DAY)
    assert (await scene.told())[-1] == "CodeReset:forgotten"


@scenario
async def a_link_to_nobodys_account_is_expired(scene: Scene) -> None:
    await emails.an_account(scene)
    command = handlers.FreezeAccount(FreezeLink("mail", MARC, NOW), NOW)
    with pytest.raises(LinkExpired):
        await scene.run(handlers.freeze_account, command)
    assert "AccountFrozen" not in await scene.told()
