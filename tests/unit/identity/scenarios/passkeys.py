"""Passkeys: added by their owner alone, used once a question, refused when anything is wrong with them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

import pytest

from contracts.identity import LoggedIn, PasskeyAdded
from contracts.problems import NotFound
from services.identity.domain import passkey as passkeys
from services.identity.domain.access_code import CodeRefused
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.passkey import (
    Assertion,
    Credential,
    Passkey,
    PasskeyNotAdded,
    PasskeyRefused,
    TooManyPasskeys,
)
from services.identity.domain.session import Client, Session
from services.identity.domain.step_up import EmailNotValidated
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers import freezing
from services.identity.handlers import passkeys as handlers
from services.identity.handlers.devices import Visit
from services.identity.handlers.entering import Entry
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie, marc
from tests.unit.identity.scenarios.federation import arrive
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


def credential(name: str, sign_count: int = 1) -> Credential:
    """What the authenticator of that name made."""
    return Credential(name.encode(), b"key", sign_count, ("internal",))


def entry(name: str, now: datetime) -> Entry:
    """A log-in on the device of that name, which is not known."""
    return Entry(Visit(Client.IOS, None, uuid5(LUCIE, f"device {name}")), session_id(name), f"{name} token", now)


async def begin(
    scene: Scene, person: InsuredPerson, ceremony: str, *, code: str | None, session: str = "first", now: datetime = NOW
) -> handlers.Room:
    matched = await scene.check_current(person, code, now=now)
    command = handlers.BeginPasskey(person.id, session_id(session), code is not None, matched, ceremony, now)
    room: handlers.Room = await scene.run(handlers.begin_passkey, command)
    return room


async def add(
    scene: Scene, ceremony: str, made: Credential, *, person: UUID = LUCIE, session: str = "first", now: datetime = NOW
) -> Passkey:
    command = handlers.AddPasskey(person, session_id(session), ceremony, made, "Téléphone", now)
    added: Passkey = await scene.run(handlers.add_passkey, command)
    return added


async def log_in(
    scene: Scene, ceremony: str, name: str, count: int, *, of: UUID = LUCIE, now: datetime = NOW, begun: bool = True
) -> Session:
    """The authenticator of that name answers; its session has the name of the ceremony."""
    if begun:
        await scene.run(handlers.begin_passkey_log_in, handlers.BeginPasskeyLogIn(ceremony, now))
    shown = passkeys.passkey_id(name.encode())
    command = handlers.PasskeyLogIn(ceremony, shown, Assertion(of, count), entry(ceremony, now))
    session: Session = await scene.run(handlers.log_in_with_passkey, command)
    return session


async def an_account_with_a_passkey(scene: Scene) -> Passkey:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await begin(scene, lucie(), "adding", code="7294")
    return await add(scene, "adding", credential("phone"))


@scenario
async def a_passkey_opens_the_account_without_number_or_code(scene: Scene) -> None:
    added = await an_account_with_a_passkey(scene)
    assert (await scene.last(PasskeyAdded)).added_at == NOW
    session = await log_in(scene, "in", "phone", 2, now=NOW + HOUR)
    assert (session.person_id, session.way, session.acr) == (LUCIE, "passkey", "eidas2")
    told = await scene.last(LoggedIn)
    assert (told.current.way, told.new_device, told.session_id) == ("passkey", True, session_id("in"))
    [listed] = await scene.run(handlers.list_passkeys, handlers.ListPasskeys(LUCIE))
    assert (listed.id, listed.name, listed.used_at) == (added.id, "Téléphone", NOW + HOUR)
    assert listed.credential == replace(credential("phone"), sign_count=2)
    assert await scene.refresh("in token", "next", now=NOW + HOUR)


@scenario
async def only_a_right_code_frees_the_attempts_at_the_current_one(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    await log_in(scene, "strong", "phone", 2)
    for number in range(5):
        await begin(scene, lucie(), f"guess {number}", code="9999", session="strong")
    with pytest.raises(TooManyAttempts):
        await begin(scene, lucie(), "guess 6", code="9999", session="strong")
    later = NOW + MINUTE
    await begin(scene, lucie(), "right", code="7294", session="strong", now=later)
    for number in range(5):
        await begin(scene, lucie(), f"later {number}", code="9999", session="strong", now=later)


@scenario
async def adding_a_passkey_needs_the_current_code_or_a_log_in_that_proved_more_minutes_ago(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    for wrong in (None, "9999"):
        with pytest.raises(CodeRefused):
            await begin(scene, lucie(), "again", code=wrong)
    await log_in(scene, "strong", "phone", 2)
    room = await begin(scene, lucie(), "again", code=None, session="strong", now=NOW + 9 * MINUTE)
    assert [each.credential.id for each in room.passkeys] == [b"phone"]
    with pytest.raises(CodeRefused):
        await begin(scene, lucie(), "late", code=None, session="strong", now=NOW + 10 * MINUTE)


@scenario
async def nobody_adds_a_passkey_who_could_not_be_warned_of_it(scene: Scene) -> None:
    await scene.register(lucie())
    await arrive(scene, lucie(), "first")
    with pytest.raises(EmailNotValidated):
        await begin(scene, lucie(), "adding", code=None)


@scenario
async def a_question_is_answered_once_in_time_and_by_whom_it_was_put_to(scene: Scene) -> None:
    await scene.register(marc())
    await arrive(scene, marc(), "his")
    await an_account_with_a_passkey(scene)
    await begin(scene, lucie(), "second", code="7294")
    for ceremony, person, session, now in (
        ("adding", LUCIE, "first", NOW),
        ("never put", LUCIE, "first", NOW),
        ("second", MARC, "his", NOW),
        ("second", LUCIE, "first", NOW + 5 * MINUTE),
    ):
        with pytest.raises(PasskeyNotAdded):
            await add(scene, ceremony, credential("tablet"), person=person, session=session, now=now)
    await add(scene, "second", credential("tablet"))


@scenario
async def an_answer_opens_one_session_and_only_in_time(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    await log_in(scene, "in", "phone", 2)
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "in", "phone", 3, begun=False)
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "never put", "phone", 3, begun=False)
    await begin(scene, lucie(), "to add", code="7294")
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "to add", "phone", 3, begun=False)
    await scene.run(handlers.begin_passkey_log_in, handlers.BeginPasskeyLogIn("slow", NOW))
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "slow", "phone", 3, now=NOW + 5 * MINUTE, begun=False)
    assert (await scene.told()).count("LoggedIn") == 2


@scenario
async def a_copied_passkey_another_persons_and_an_unknown_one_are_refused(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    await log_in(scene, "in", "phone", 7)
    for number, (name, count, of) in enumerate((("phone", 7, LUCIE), ("phone", 8, MARC), ("unknown", 8, LUCIE))):
        with pytest.raises(PasskeyRefused):
            await log_in(scene, f"wrong {number}", name, count, of=of)
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "silent", "phone", 0)


@scenario
async def an_authenticator_that_does_not_count_is_taken_as_it_is(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await begin(scene, lucie(), "adding", code="7294")
    await add(scene, "adding", credential("cloud", 0))
    for name in ("one", "two"):
        await log_in(scene, name, "cloud", 0)


@scenario
async def a_person_has_at_most_ten_passkeys_and_each_once(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    await begin(scene, lucie(), "twice", code="7294")
    with pytest.raises(PasskeyNotAdded):
        await add(scene, "twice", credential("phone"))
    for number in range(1, 10):
        now = NOW + number * HOUR / 24
        await begin(scene, lucie(), f"add {number}", code="7294", now=now)
        if number == 9:
            await begin(scene, lucie(), "eleventh", code="7294", now=now)
        await add(scene, f"add {number}", credential(f"key {number}"), now=now)
    with pytest.raises(TooManyPasskeys):
        await add(scene, "eleventh", credential("key 10"), now=NOW + 9 * HOUR / 24)
    with pytest.raises(TooManyPasskeys):
        await begin(scene, lucie(), "add 10", code="7294", now=NOW + 9 * HOUR / 24)


@scenario
async def a_passkey_is_removed_by_its_owner_alone_and_opens_nothing_any_more(scene: Scene) -> None:
    await scene.register(marc())
    await arrive(scene, marc(), "his")
    added = await an_account_with_a_passkey(scene)
    with pytest.raises(NotFound):
        await scene.run(handlers.remove_passkey, handlers.RemovePasskey(MARC, session_id("his"), added.id, NOW))
    removal = handlers.RemovePasskey(LUCIE, session_id("first"), added.id, NOW)
    await scene.run(handlers.remove_passkey, removal)
    assert (await scene.told())[-1] == "PasskeyRemoved"
    with pytest.raises(NotFound):
        await scene.run(handlers.remove_passkey, removal)
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "in", "phone", 2)


@scenario
async def a_frozen_account_loses_its_passkeys(scene: Scene) -> None:
    await an_account_with_a_passkey(scene)
    await scene.run(freezing.freeze_account, freezing.FreezeAccount(FreezeLink("mail 1", LUCIE, NOW), NOW))
    with pytest.raises(PasskeyRefused):
        await log_in(scene, "in", "phone", 2, now=NOW + DAY)
    assert await scene.run(handlers.list_passkeys, handlers.ListPasskeys(LUCIE)) == []
