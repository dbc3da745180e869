"""Accounts end when their owner asks for it, and those that nobody opened with their code (reliability A18)."""

from datetime import datetime
from uuid import UUID

import pytest

from contracts.channel import Channel
from contracts.identity import AccountClosed, AccountCreated, ClosureReason, SessionRevoked
from contracts.problems import NotFound, Unauthenticated
from services.identity import handlers
from services.identity.domain.access_code import CodeRefused
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.challenge import Challenge, ChallengeRefused
from services.identity.domain.federation import Outcome
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.links import LinkExpired
from services.identity.domain.passkey import PasskeyNotAdded, PasskeyRefused
from services.identity.domain.session import Scope
from services.identity.domain.step_up import FreshLogInRequired
from services.identity.domain.throttle import TooManyAttempts
from tests.unit.identity.fakes import LUCIE, MARC, NOW, SECOND, lucie, marc, sealed
from tests.unit.identity.scenarios import access_log, emails, federation, freezing, passkeys
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id

CLOSES_AT = NOW + DAY


async def purge(scene: Scene, now: datetime, *, most: int = 50) -> list[UUID]:
    """What the repeated task does."""
    found = await scene.run(handlers.find_unopened, handlers.FindUnopened(most, now))
    for person_id in found:
        await scene.run(handlers.close_unopened, handlers.CloseUnopened(person_id, now))
    return sorted(found)


@scenario
async def an_account_that_nobody_opened_is_closed_when_its_code_has_ended(scene: Scene) -> None:
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
    assert await purge(scene, CLOSES_AT + HOUR - MINUTE) == []
    assert await purge(scene, CLOSES_AT + HOUR) == [LUCIE]
    assert (await scene.told())[-1] == "AccountClosed:never-opened"


@scenario
async def whoever_let_the_code_expire_asks_again_before_and_after_the_account_is_closed(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", now=CLOSES_AT)
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=CLOSES_AT)
    again = CLOSES_AT + DAY
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "59260734", now=again)
    assert await purge(scene, again) == [LUCIE]
    await scene.create(lucie(), "lucie@exemple.invalid", "60371845", now=again)
    assert await scene.told() == ["AccountCreated", "CodeReset:unused", "AccountClosed:never-opened", "AccountCreated"]
    assert await scene.log_in(lucie().nir, "60371845", "in time", now=again + DAY - MINUTE)


@scenario
async def closing_wipes_out_no_mail_of_the_day_and_keeps_what_counts_them_no_longer(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(marc(), "marc@exemple.invalid", "48151623")
    for _ in range(3):
        await scene.create(lucie(), "marc@exemple.invalid", "59260734", now=NOW + 10 * MINUTE)
    assert await purge(scene, CLOSES_AT) == [MARC]
    with pytest.raises(InvalidCredentials):
        await scene.log_in(marc().nir, "48151623", now=CLOSES_AT)
    await scene.create(marc(), "other@exemple.invalid", "60371845", now=CLOSES_AT)
    await scene.create(lucie(), "other@exemple.invalid", "71482956", now=CLOSES_AT + MINUTE)
    assert (await scene.told()).count("AccountCreationAttempted:email-taken") == 3
    assert (await scene.told())[-2:] == ["AccountClosed:never-opened", "AccountCreated"]
    assert await purge(scene, CLOSES_AT + DAY) == [MARC]
    assert await purge(scene, CLOSES_AT + 1000 * DAY) == []


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
async def an_account_that_gave_way_is_closed_once_and_nothing_is_kept_of_it_a_day_after_its_mail(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(marc(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + HOUR)
    await scene.log_in(lucie().nir, "59260734", now=NOW + HOUR)
    old_link = handlers.FreezeAccount(FreezeLink("a mail", MARC, NOW), NOW + HOUR)
    with pytest.raises(LinkExpired):
        await scene.run(handlers.freeze_account, old_link)
    assert await purge(scene, NOW + DAY - MINUTE) == []
    assert await purge(scene, NOW + DAY) == [MARC]
    with pytest.raises(NotFound):
        await scene.profile(marc())
    assert (await scene.told()).count("AccountClosed:never-opened") == 1
    await scene.create(marc(), "marc@exemple.invalid", "60371845", now=NOW + 3 * DAY)
    assert await scene.log_in(marc().nir, "60371845", "marc", now=NOW + 3 * DAY)


async def close(scene: Scene, *, session: str = "first", code: str | None = "7294", now: datetime = NOW) -> None:
    """Lucie closes her account, with the current code."""
    matched = await scene.check_current(lucie(), code, now=now)
    command = handlers.CloseAccount(LUCIE, session_id(session), code is not None, matched, sealed, now)
    await scene.run(handlers.close_account, command)


async def create_again(scene: Scene, address: str = emails.NEW, *, now: datetime) -> None:
    """Lucie fills in the form again, and chooses another code on the device `again`."""
    await scene.create(lucie(), address, "60371845", now=now)
    await scene.log_in(lucie().nir, "60371845", "again", now=now, device="another")
    await scene.choose(lucie(), "again", "8305", now=now)


@scenario
async def closing_ends_every_session_and_says_so_where_the_owner_reads_it(scene: Scene) -> None:
    await emails.an_account(scene)
    await scene.log_in(lucie().nir, "7294", "other")
    await close(scene, session="other", now=NOW + MINUTE)
    assert (await scene.told())[-2:] == ["SessionRevoked", "AccountClosed:asked"]
    assert set((await scene.last(SessionRevoked)).session_ids) == {session_id("first"), session_id("other")}
    closed = await scene.last(AccountClosed)
    assert (closed.person_id, closed.closed_at, closed.channel) == (LUCIE, NOW + MINUTE, Channel.WEB)
    assert closed.email == sealed(emails.OLD)
    assert await scene.devices(lucie(), now=NOW + MINUTE) == []
    with pytest.raises(NotFound):
        await scene.profile(lucie())
    for name in ("first", "other"):
        assert await scene.refresh(name, f"{name} next", now=NOW + MINUTE) is None
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "7294", "in", now=NOW + MINUTE)
    with pytest.raises(Unauthenticated):
        await close(scene, now=NOW + MINUTE)
    assert (await scene.told()).count("AccountClosed:asked") == 1


@scenario
async def closing_needs_the_current_code_and_wrong_ones_are_counted_and_told(scene: Scene) -> None:
    await emails.an_account(scene)
    for wrong in (None, *["9999"] * 5):
        with pytest.raises(CodeRefused):
            await close(scene, code=wrong)
    with pytest.raises(TooManyAttempts):
        await close(scene)
    assert "LogInBlocked" in await scene.told()
    await close(scene, now=NOW + MINUTE)
    assert (await scene.told())[-1] == "AccountClosed:asked"


@scenario
async def a_strong_log_in_minutes_ago_closes_an_account_without_code_or_address(scene: Scene) -> None:
    await scene.register(lucie())
    await federation.arrive(scene, lucie(), "first")
    with pytest.raises(FreshLogInRequired):
        await close(scene, code=None, now=NOW + 10 * MINUTE)
    await close(scene, code=None, now=NOW + 9 * MINUTE)
    assert (await scene.last(AccountClosed)).email is None


@scenario
async def an_address_that_nobody_proved_to_read_is_not_written_to(scene: Scene) -> None:
    await scene.register(lucie())
    await federation.arrive(scene, lucie(), "first", address=emails.NEW)
    await close(scene, code=None)
    assert (await scene.last(AccountClosed)).email is None
    with pytest.raises(LinkExpired):
        await emails.validate(scene, f"token for {emails.NEW}")


@scenario
async def a_closed_account_leaves_its_address_to_others_and_its_person_to_the_register(scene: Scene) -> None:
    await scene.register(marc())
    await emails.an_account(scene)
    await close(scene)
    await scene.create(marc(), emails.OLD, "59260734")
    assert (await scene.last(AccountCreated)).person_id == MARC
    await create_again(scene, now=NOW + MINUTE)
    profile = await scene.profile(lucie(), now=NOW + MINUTE)
    assert (profile.person, profile.email and profile.email.address) == (lucie(), emails.NEW)
    assert profile.account.created_at == NOW + MINUTE
    assert profile.account.previous_log_in is None


async def an_account_with_all_that_may_open_it(scene: Scene) -> Challenge:
    """A code, FranceConnect, a passkey, and of each one more that is on its way; the challenge of an unknown device."""
    await passkeys.an_account_with_a_passkey(scene)
    await federation.arrive(scene, lucie(), "fc")
    await federation.link(scene, "fc")
    await federation.arrive(scene, lucie(), "unused", subject="another subject")
    await emails.change(scene, emails.NEW, "token")
    await passkeys.begin(scene, lucie(), "half way", code="7294")
    asked = await scene.try_log_in(lucie().nir, "7294", "challenge", device="strangers")
    assert isinstance(asked, Challenge)
    await scene.reset(lucie(), "48151623")
    return asked


@scenario
async def nothing_of_a_closed_account_opens_the_next_one_of_the_same_person(scene: Scene) -> None:
    asked = await an_account_with_all_that_may_open_it(scene)
    await close(scene)

    later = NOW + 2 * MINUTE
    await create_again(scene, "third@exemple.invalid", now=later)
    profile = await scene.profile(lucie(), now=later)
    assert (profile.passkeys, profile.devices, profile.pending_email) == (0, 1, None)
    assert profile.account.franceconnect_at is None
    for code in ("7294", "48151623"):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, code, f"old {code}", now=later)
    with pytest.raises(PasskeyRefused):
        await passkeys.log_in(scene, "in", "phone", 2, now=later)
    with pytest.raises(PasskeyNotAdded):
        await passkeys.add(scene, "half way", passkeys.credential("tablet"), session="again", now=later)
    with pytest.raises(LinkExpired):
        await emails.validate(scene, "token", now=later)
    with pytest.raises(LinkExpired):
        await freezing.freeze(scene, "an old mail", now=later, sent=NOW + MINUTE)
    with pytest.raises(ChallengeRefused):
        await scene.answer(asked.id_hash, SECOND, "challenge", now=later, device="strangers")
    assert await federation.link(scene, "unused", session="again", now=later) is None
    assert (await federation.arrive(scene, lucie(), "fc again", now=later)).outcome is Outcome.LINK_REQUIRED
    for name in ("first", "fc token"):
        assert await scene.refresh(name, f"{name} next", now=later) is None
    assert isinstance(await scene.try_log_in(lucie().nir, "8305", "old device", now=later), Challenge)


@scenario
async def whoever_closed_an_account_comes_back_by_franceconnect_to_a_new_one(scene: Scene) -> None:
    await scene.register(lucie())
    await federation.arrive(scene, lucie(), "first")
    await close(scene, code=None)
    again = await federation.arrive(scene, lucie(), "again", now=NOW + MINUTE)
    assert again.session is not None
    assert (again.outcome, again.session.scope) == (Outcome.SESSION, Scope.FULL)
    assert (await scene.told())[-3:] == ["AccountClosed:asked", "AccountCreated", "LoggedIn"]
    assert (await scene.profile(lucie())).account.created_at == NOW + MINUTE


@scenario
async def closing_wipes_no_traces(scene: Scene) -> None:
    await emails.an_account(scene)
    await access_log.note(scene, access_log.chosen())
    await close(scene)
    await access_log.note(scene, await scene.last(AccountClosed), at=NOW + MINUTE)
    closed, chosen = (await access_log.read(scene)).entries
    assert (closed.what, closed.who, closed.channel) == ("account-closed", "self", Channel.WEB)
    assert chosen.what == "code-chosen"
