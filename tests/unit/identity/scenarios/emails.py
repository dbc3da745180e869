"""Another e-mail address: asked for by its owner alone, validated by whoever reads it, told to both."""

from datetime import datetime

import pytest

from contracts.identity import (
    AccountClosed,
    AccountCreationAttempted,
    EmailChanged,
    EmailChangeRequested,
    EmailValidated,
)
from services.identity import handlers
from services.identity.domain import email
from services.identity.domain.access_code import CodeRefused
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.email import Email
from services.identity.domain.emails import EmailTaken, Proposal, TooManyEmailChanges
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.links import LinkExpired
from services.identity.domain.step_up import FreshLogInRequired
from services.identity.handlers.mailing import may_write_to
from services.identity.handlers.ports import Store
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie, marc, sealed
from tests.unit.identity.scenarios.federation import arrive
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id

OLD, NEW = "lucie@exemple.invalid", "new@exemple.invalid"


def proposed(address: str, token: str) -> Proposal:
    """An address with its token."""
    return Proposal(email.parse(address), sealed(address), token, sealed(token))


async def change(
    scene: Scene,
    address: str,
    token: str,
    *,
    person: InsuredPerson | None = None,
    session: str = "first",
    code: str | None = "7294",
    now: datetime = NOW,
) -> None:
    """A person asks for another address, with the current code."""
    owner = person or lucie()
    matched = await scene.check_current(owner, code, now=now)
    command = handlers.ChangeEmail(
        owner.id, session_id(session), proposed(address, token), code is not None, matched, now
    )
    await scene.run(handlers.change_email, command)


async def validate(scene: Scene, token: str, *, now: datetime = NOW) -> None:
    """Somebody follows the link of a mail."""
    await scene.run(handlers.validate_email, handlers.ValidateEmail(token, now))


async def addresses(scene: Scene, *, now: datetime = NOW) -> tuple[str | None, str | None]:
    """Lucie's address, and the one that waits."""
    profile = await scene.profile(lucie(), now=now)
    now_held, waiting = profile.email, profile.pending_email
    return now_held.address if now_held else None, waiting.address if waiting else None


async def write_to(address: Email, store: Store) -> None:
    """Somebody else has mail sent to an address."""
    assert await may_write_to(address, store, NOW)


async def an_account(scene: Scene) -> None:
    """Lucie's, open; Marc is insured."""
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), OLD, "7294")


@scenario
async def the_old_address_holds_until_the_new_one_is_validated(scene: Scene) -> None:
    await an_account(scene)
    await change(scene, NEW, "token")
    asked = await scene.last(EmailChangeRequested)
    assert (asked.new_email, asked.token, asked.expires_at) == (sealed(NEW), sealed("token"), NOW + DAY)
    assert await addresses(scene) == (OLD, NEW)
    await validate(scene, "token", now=NOW + HOUR)
    changed = await scene.last(EmailChanged)
    assert (changed.email, changed.changed_at) == (sealed(NEW), NOW + HOUR)
    assert await addresses(scene) == (NEW, None)
    account = (await scene.profile(lucie())).account
    assert (account.email_changed_at, account.email_validated_at) == (NOW + HOUR, NOW + HOUR)
    assert (await scene.told()).count("EmailValidated") == 1


@scenario
async def a_link_works_once_in_time_and_only_the_newest(scene: Scene) -> None:
    await an_account(scene)
    await change(scene, NEW, "first")
    await change(scene, "newer@exemple.invalid", "second", now=NOW + MINUTE)
    for token, now in (("first", NOW + HOUR), ("never sent", NOW), ("second", NOW + MINUTE + DAY)):
        with pytest.raises(LinkExpired):
            await validate(scene, token, now=now)
    assert await addresses(scene, now=NOW + HOUR) == (OLD, "newer@exemple.invalid")
    await validate(scene, "second", now=NOW + 2 * HOUR)
    with pytest.raises(LinkExpired):
        await validate(scene, "second", now=NOW + 2 * HOUR)
    assert (await scene.told()).count("EmailChanged") == 1


@scenario
async def a_stolen_session_without_the_code_changes_nothing(scene: Scene) -> None:
    await an_account(scene)
    for code in (None, "9999"):
        with pytest.raises(CodeRefused):
            await change(scene, NEW, "token", code=code)
    assert "EmailChangeRequested" not in await scene.told()
    assert await addresses(scene) == (OLD, None)


@scenario
async def an_address_of_another_account_looks_the_same_and_its_owner_is_told(scene: Scene) -> None:
    await an_account(scene)
    await scene.create(marc(), "marc@exemple.invalid", "59260734")
    await scene.log_in(marc().nir, "59260734", "marc")
    await change(scene, "Marc@exemple.invalid", "token")
    asked, told = await scene.last(EmailChangeRequested), await scene.last(AccountCreationAttempted)
    assert (asked.person_id, asked.new_email, asked.token) == (LUCIE, None, None)
    assert (told.person_id, told.reason) == (MARC, "email-taken")
    assert await addresses(scene) == (OLD, "Marc@exemple.invalid")
    with pytest.raises(LinkExpired):
        await validate(scene, "token")


@scenario
async def of_two_accounts_that_want_one_address_the_first_to_validate_gets_it(scene: Scene) -> None:
    await an_account(scene)
    await scene.create(marc(), "marc@exemple.invalid", "59260734")
    await scene.log_in(marc().nir, "59260734", "marc")
    await scene.choose(marc(), "marc", "6283")
    await change(scene, NEW, "lucie's")
    await change(scene, NEW, "marc's", person=marc(), session="marc", code="6283")
    await validate(scene, "marc's")
    with pytest.raises(EmailTaken):
        await validate(scene, "lucie's")
    assert await addresses(scene) == (OLD, NEW)
    assert (await scene.last(EmailChanged)).person_id == MARC


@scenario
async def an_address_of_an_account_that_nobody_opened_goes_to_whoever_validates_it(scene: Scene) -> None:
    await an_account(scene)
    await scene.create(marc(), NEW, "59260734")
    await change(scene, NEW, "token")
    assert (await scene.last(EmailChangeRequested)).token == sealed("token")
    assert "AccountCreationAttempted:email-taken" not in await scene.told()
    await validate(scene, "token")
    assert await addresses(scene) == (NEW, None)
    assert (await scene.told())[-2:] == ["AccountClosed:never-opened", "EmailChanged"]
    assert (await scene.last(AccountClosed)).person_id == MARC
    with pytest.raises(InvalidCredentials):
        await scene.log_in(marc().nir, "59260734", "marc")
    await scene.create(marc(), "marc@exemple.invalid", "60371845")
    assert await scene.log_in(marc().nir, "60371845", "marc")


@scenario
async def whoever_opens_an_account_first_keeps_its_address_from_a_change_that_waits(scene: Scene) -> None:
    await an_account(scene)
    await scene.create(marc(), NEW, "59260734")
    await change(scene, NEW, "token")
    await scene.log_in(marc().nir, "59260734", "marc")
    with pytest.raises(EmailTaken):
        await validate(scene, "token")
    assert await addresses(scene) == (OLD, NEW)
    assert "AccountClosed:never-opened" not in await scene.told()


@scenario
async def the_present_address_is_no_change_and_a_fourth_in_a_day_is_refused(scene: Scene) -> None:
    await an_account(scene)
    await change(scene, OLD.upper(), "token")
    assert "EmailChangeRequested" not in await scene.told()
    for number in range(3):
        await change(scene, f"new{number}@exemple.invalid", str(number), now=NOW + number * MINUTE)
    with pytest.raises(TooManyEmailChanges):
        await change(scene, NEW, "token", now=NOW + 3 * MINUTE)
    await scene.log_in(lucie().nir, "7294", "later", now=NOW + DAY)
    await change(scene, NEW, "token", session="later", now=NOW + DAY)
    assert await addresses(scene, now=NOW + DAY) == (OLD, NEW)


@scenario
async def an_address_that_had_its_share_of_mails_gets_no_more(scene: Scene) -> None:
    await an_account(scene)
    for _ in range(4):
        await scene.run(write_to, email.parse(NEW))
    await change(scene, NEW, "token")
    asked = await scene.last(EmailChangeRequested)
    assert (asked.new_email, asked.token) == (None, None)


@scenario
async def codes_that_went_to_the_old_address_are_void(scene: Scene) -> None:
    await an_account(scene)
    await scene.reset(lucie(), "59260734")
    await change(scene, NEW, "token")
    await validate(scene, "token")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "59260734", "thief", device="elsewhere")
    await scene.log_in(lucie().nir, "7294", "a")


@scenario
async def an_account_without_email_gets_one_by_a_fresh_franceconnect_session(scene: Scene) -> None:
    await scene.register(lucie())
    await arrive(scene, lucie(), "fc")
    assert await addresses(scene) == (None, None)
    with pytest.raises(FreshLogInRequired):
        await change(scene, NEW, "late", session="fc", code=None, now=NOW + 11 * MINUTE)
    await change(scene, NEW, "token", session="fc", code=None, now=NOW + 9 * MINUTE)
    await validate(scene, "token", now=NOW + HOUR)
    assert await addresses(scene) == (NEW, None)
    assert (await scene.told())[-2:] == ["EmailChanged", "EmailValidated"]
    assert (await scene.last(EmailValidated)).validated_at == NOW + HOUR
