"""An address that takes no mail: found out, told to its owner alone, and mended."""

from datetime import datetime

from contracts.identity import EmailFoundDead, EmailValidated
from services.identity import handlers
from services.identity.domain.account import Account
from services.identity.domain.reach import FailedMail
from tests.unit.identity.fakes import LUCIE, NOW, lucie, marc
from tests.unit.identity.scenarios import emails, federation, freezing
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene


async def fail(
    scene: Scene, reason: str = "bounce", *, since: datetime | None = NOW, now: datetime = NOW + HOUR
) -> None:
    """A mail to Lucie reaches nobody, at the address that was hers since then."""
    await scene.run(handlers.note_failed_mail, handlers.NoteFailedMail(LUCIE, FailedMail(reason, since, now)))


async def account(scene: Scene) -> Account:
    """Lucie's account."""
    return (await scene.profile(lucie())).account


async def found_dead(scene: Scene) -> int:
    """How often that was said."""
    return (await scene.told()).count("EmailFoundDead")


@scenario
async def a_mail_that_came_back_shows_that_the_address_is_dead_and_that_is_said_once(scene: Scene) -> None:
    await emails.an_account(scene)
    for minutes in (0, 1):
        await fail(scene, now=NOW + HOUR + minutes * MINUTE)
    assert (await account(scene)).email_dead_since == NOW + HOUR
    assert (await scene.last(EmailFoundDead)).found_at == NOW + HOUR
    assert await found_dead(scene) == 1


@scenario
async def an_address_that_was_left_does_not_condemn_the_new_one(scene: Scene) -> None:
    await emails.an_account(scene)
    await emails.change(scene, emails.NEW, "token")
    await fail(scene, since=None)
    await emails.validate(scene, "token", now=NOW + HOUR)
    await fail(scene, since=NOW, now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since is None
    await fail(scene, since=NOW + HOUR, now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since == NOW + 2 * HOUR


@scenario
async def a_validated_address_is_alive_whatever_the_one_before_was(scene: Scene) -> None:
    await emails.an_account(scene)
    await fail(scene)
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token", now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since is None


@scenario
async def the_first_address_of_an_account_that_nobody_opened_may_be_dead_too(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "mistyped@exemple.invalid", "48151623")
    await fail(scene, "smtp-550")
    assert (await account(scene)).email_dead_since == NOW + HOUR
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + DAY)
    assert (await account(scene)).email_dead_since is None
    await fail(scene, since=NOW, now=NOW + DAY + HOUR)
    assert (await account(scene)).email_dead_since is None


@scenario
async def a_provisional_code_that_came_all_the_same_shows_that_the_address_lives(scene: Scene) -> None:
    await emails.an_account(scene)
    await fail(scene)
    await scene.reset(lucie(), "59260734", now=NOW + 2 * HOUR)
    await scene.log_in(lucie().nir, "59260734", "again", now=NOW + 2 * HOUR + MINUTE)
    found = await account(scene)
    assert (found.email_dead_since, found.email_validated_at) == (None, NOW + 2 * HOUR + MINUTE)
    assert (await scene.last(EmailValidated)).validated_at == NOW + 2 * HOUR + MINUTE
    await fail(scene, now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since is None


@scenario
async def a_second_code_that_came_all_the_same_does_so_too(scene: Scene) -> None:
    await emails.an_account(scene)
    await fail(scene)
    await scene.log_in(lucie().nir, "7294", "phone", device="phone", now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since is None
    assert (await scene.told())[-2:] == ["EmailValidated", "LoggedIn"]
    await scene.log_in(lucie().nir, "7294", "tablet", device="tablet", now=NOW + 3 * HOUR)
    assert (await scene.told()).count("EmailValidated") == 2


@scenario
async def what_proves_nothing_about_the_mailbox_does_not_revive_the_address(scene: Scene) -> None:
    await emails.an_account(scene)
    await fail(scene)
    await scene.log_in(lucie().nir, "7294", "home", now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since == NOW + HOUR


@scenario
async def only_on_a_known_device_is_the_owner_sent_to_the_caisse_and_the_code_goes_out_to_all(scene: Scene) -> None:
    await scene.register(marc())
    await emails.an_account(scene)
    assert await scene.reset(lucie(), "48151620") is None
    await fail(scene)
    later = NOW + 2 * DAY
    assert await scene.reset(lucie(), "48151621", now=later, device="home") == "29"
    assert await scene.reset(lucie(), "48151622", now=later, device="elsewhere") is None
    assert (await scene.told()).count("CodeReset:forgotten") == 3
    assert await scene.reset(lucie(), "48151623", now=later, birth_date=marc().birth_date) is None
    assert await scene.reset(marc(), "48151624", now=later) is None


@scenario
async def a_thiefs_address_that_is_given_up_takes_its_silence_with_it(scene: Scene) -> None:
    await emails.an_account(scene)
    await federation.arrive(scene, lucie(), "fc")
    await federation.link(scene, "fc")
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token", now=NOW + MINUTE)
    await fail(scene, since=NOW + MINUTE, now=NOW + 2 * MINUTE)
    await freezing.freeze(scene, now=NOW + HOUR)
    await federation.arrive(scene, lucie(), "owner", now=NOW + 2 * HOUR)
    assert (await account(scene)).email_dead_since is None
    await fail(scene, since=NOW, now=NOW + 3 * HOUR)
    assert (await account(scene)).email_dead_since is None


@scenario
async def nobody_is_looked_for_who_has_no_account(scene: Scene) -> None:
    await scene.register(lucie())
    await fail(scene)
    assert await scene.told() == []
