"""Who gets an account, and who is told instead."""

import pytest

from contracts.birth_date import BirthDate
from contracts.identity import AccountClosed, AccountCreated, AccountCreationAttempted, CodeReset
from contracts.problems import NotFound
from services.identity.domain import email, nir
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.regimes import RegimeNotCovered
from services.identity.domain.session import Scope
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie, marc, sealed
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene


@scenario
async def an_insured_person_gets_an_account_and_one_event(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    assert await scene.told() == ["AccountCreated"]
    created = await scene.last(AccountCreated)
    assert (created.person_id, created.last_name, created.caisse) == (LUCIE, "EXEMPLE", "29")
    assert created.code_expires_at == NOW + DAY
    profile = await scene.profile(lucie())
    assert profile.email
    assert profile.email.masked == "l***@exemple.invalid"
    assert profile.account.pending


@scenario
async def wrong_details_and_unknown_numbers_do_nothing(scene: Scene) -> None:
    await scene.register(lucie())
    for wrong in ({"last_name": "AUTRE"}, {"birth_date": BirthDate(1985, 3, 15)}, {"postal_code": "29201"}):
        await scene.create(lucie(), "lucie@exemple.invalid", "48151623", **wrong)
    await scene.create(marc(), "marc@exemple.invalid", "48151623")
    assert await scene.told() == []


@scenario
async def the_usage_name_is_as_good_as_the_birth_name(scene: Scene) -> None:
    await scene.register(lucie(usage_last_name="D’Été-Fictive"))
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623", last_name="d'ete fictive")
    assert (await scene.last(AccountCreated)).last_name == "D’Été-Fictive"


@scenario
async def a_provisional_number_gets_no_account_by_the_web_form(scene: Scene) -> None:
    nadia = lucie(nir=nir.parse("896069935190689"))
    await scene.register(nadia)
    await scene.create(nadia, "nadia@exemple.invalid", "48151623")
    assert await scene.told() == []


@scenario
async def another_regime_is_named_only_to_whoever_was_recognised(scene: Scene) -> None:
    await scene.register(lucie(regime="msa"), marc(regime="enim"))
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623", last_name="AUTRE")
    with pytest.raises(RegimeNotCovered):
        await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(marc(), "marc@exemple.invalid", "48151623")
    assert await scene.told() == ["AccountCreated"]


@scenario
async def asking_again_before_the_first_use_sends_a_new_code_and_only_that_one_works(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), " Lucie@EXEMPLE.invalid", "59260734", now=NOW + HOUR)
    assert await scene.told() == ["AccountCreated", "CodeReset:unused"]
    assert (await scene.last(CodeReset)).code_expires_at == NOW + HOUR + DAY
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623")
    assert (await scene.log_in(lucie().nir, "59260734", "second")).scope is Scope.CODE_CHANGE


@scenario
async def a_mistyped_email_is_corrected_by_the_first_repeat_and_is_free(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lcuie@exemple.invalid", "48151623")
    for number in range(9):
        now = NOW + (number + 1) * 23 * HOUR
        await scene.create(lucie(), "lucie@exemple.invalid", f"5926073{number}", now=now)
        assert (await scene.profile(lucie())).email == email.parse("lucie@exemple.invalid")
    assert await scene.told() == ["AccountCreated", "AccountCreated", *["CodeReset:unused"] * 8]
    created = await scene.last(AccountCreated)
    assert (created.created_at, created.email) == (NOW + 23 * HOUR, sealed("lucie@exemple.invalid"))
    assert created.code_expires_at == NOW + 23 * HOUR + DAY
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", now=now)
    assert await scene.log_in(lucie().nir, "59260738", now=now)
    await scene.create(marc(), "lcuie@exemple.invalid", "71482956")
    assert (await scene.last(AccountCreated)).person_id == MARC


@scenario
async def the_code_that_went_to_the_mistyped_address_is_void_at_once(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lcuie@exemple.invalid", "48151623")
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623")
    assert (await scene.log_in(lucie().nir, "59260734", "second")).scope is Scope.CODE_CHANGE


@scenario
async def starting_over_counts_like_asking_again_and_the_fourth_of_a_day_changes_nothing(scene: Scene) -> None:
    await scene.register(lucie())
    for number in range(7):
        await scene.create(lucie(), f"{number // 2}@exemple.invalid", f"4815162{number}", now=NOW + number * MINUTE)
    assert await scene.told() == ["AccountCreated", "CodeReset:unused", "AccountCreated", "CodeReset:unused"]
    assert (await scene.profile(lucie())).email == email.parse("1@exemple.invalid")
    await scene.create(lucie(), "4@exemple.invalid", "59260734", now=NOW + DAY + MINUTE)
    assert (await scene.profile(lucie())).email == email.parse("4@exemple.invalid")


@scenario
async def a_wrong_proof_corrects_no_address_and_takes_none(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(lucie(), "thief@exemple.invalid", "59260734", postal_code="75001", now=NOW + HOUR)
    await scene.create(marc(), "lucie@exemple.invalid", "60371845", last_name="AUTRE", now=NOW + HOUR)
    assert await scene.told() == ["AccountCreated"]
    assert await scene.log_in(lucie().nir, "48151623", now=NOW + HOUR)


@scenario
async def an_address_of_an_account_that_nobody_opens_is_soon_free_for_whoever_asks(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(marc(), "lucie@exemple.invalid", "48151623")
    await scene.create(marc(), "lucie@exemple.invalid", "59260734", now=NOW + 20 * MINUTE)
    await scene.create(lucie(), "lucie@exemple.invalid", "60371845", now=NOW + 29 * MINUTE)
    attempted = await scene.last(AccountCreationAttempted)
    assert (attempted.person_id, attempted.reason) == (MARC, "email-taken")
    assert attempted.address_free_at == NOW + 30 * MINUTE
    await scene.create(lucie(), "Lucie@exemple.invalid", "60371845", now=NOW + 30 * MINUTE)
    assert (await scene.told())[-2:] == ["AccountClosed:never-opened", "AccountCreated"]
    closed, created = await scene.last(AccountClosed), await scene.last(AccountCreated)
    assert (closed.person_id, created.person_id, created.address_freed) == (MARC, LUCIE, True)
    with pytest.raises(InvalidCredentials):
        await scene.log_in(marc().nir, "59260734", now=NOW + 30 * MINUTE)
    assert await scene.log_in(lucie().nir, "60371845", now=NOW + 30 * MINUTE)
    await scene.create(marc(), "marc@exemple.invalid", "71482956", now=NOW + HOUR)
    assert not (await scene.last(AccountCreated)).address_freed
    assert await scene.log_in(marc().nir, "71482956", "marc", now=NOW + HOUR)


@scenario
async def whoever_was_faster_has_time_to_read_the_mail_and_then_keeps_the_address(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.create(marc(), "lucie@exemple.invalid", "59260734", now=NOW + MINUTE)
    assert await scene.log_in(lucie().nir, "48151623", now=NOW + 29 * MINUTE)
    await scene.create(marc(), "lucie@exemple.invalid", "59260734", now=NOW + DAY)
    assert await scene.told() == [
        "AccountCreated",
        "AccountCreationAttempted:email-taken",
        "EmailValidated",
        "LoggedIn",
        "AccountCreationAttempted:email-taken",
    ]
    assert (await scene.last(AccountCreationAttempted)).address_free_at is None


@scenario
async def the_last_mail_of_a_day_to_an_address_is_kept_for_an_account_that_begins_there(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(marc(), "lucie@exemple.invalid", "48151623")
    for minute in range(4):
        await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + minute * MINUTE)
    told = await scene.told()
    assert told.count("AccountCreationAttempted:email-taken") == 3
    await scene.create(marc(), "lucie@exemple.invalid", "60371840", now=NOW + 5 * MINUTE)
    assert await scene.told() == told
    await scene.create(lucie(), "lucie@exemple.invalid", "59260734", now=NOW + 40 * MINUTE)
    assert await scene.log_in(lucie().nir, "59260734", now=NOW + 40 * MINUTE)
    told = await scene.told()
    await scene.create(marc(), "lucie@exemple.invalid", "60371841", now=NOW + 80 * MINUTE)
    assert await scene.told() == told


@scenario
async def the_owner_is_told_when_somebody_asks_for_an_account_they_have(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for minute in range(5):
        await scene.create(lucie(), "else@exemple.invalid", "48151623", now=NOW + minute * MINUTE)
    assert (await scene.told()).count("AccountCreationAttempted:account-exists") == 3
    assert (await scene.log_in(lucie().nir, "7294")).scope is Scope.FULL


@scenario
async def the_owner_of_an_email_is_told_when_another_person_gives_it(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.create(marc(), "LUCIE@exemple.invalid", "48151623")
    attempted = await scene.last(AccountCreationAttempted)
    assert (attempted.person_id, attempted.reason) == (LUCIE, "email-taken")
    with pytest.raises(InvalidCredentials):
        await scene.log_in(marc().nir, "48151623")


@scenario
async def the_profile_of_nobody_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.profile(lucie())


@scenario
async def who_has_no_whole_birth_date_types_what_civil_status_knows(scene: Scene) -> None:
    person = lucie(nir=nir.parse("155201499091151"), birth_date=BirthDate(1955))
    await scene.register(person)
    for wrong in (BirthDate(1955, 3), BirthDate(1955, 1, 1), BirthDate(1956)):
        await scene.create(person, "lucie@exemple.invalid", "48151623", birth_date=wrong, now=NOW - DAY)
    assert await scene.told() == []
    await scene.open_account(person, "lucie@exemple.invalid", "7294")
    assert (await scene.last(AccountCreated)).birth_date == BirthDate(1955)
    before = await scene.told()
    await scene.reset(person, "59260734", birth_date=BirthDate(1955, 1, 1))
    assert await scene.told() == before
    await scene.reset(person, "59260734")
    assert (await scene.told())[-1] == "CodeReset:forgotten"
