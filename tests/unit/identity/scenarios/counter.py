"""At the counter of the caisse: somebody who is locked out comes in again, and nobody else does."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid5

import pytest

from contracts.identity import AccountReopened, CodeReset, EmailChanged, ResetReason, SessionRevoked
from contracts.problems import NotFound
from services.identity import handlers
from services.identity.domain import email, nir
from services.identity.domain.access_log import What, Who
from services.identity.domain.account import InvalidCredentials, Letter
from services.identity.domain.federation import Outcome
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.recovery import NotRestored
from services.identity.domain.session import Scope
from tests.unit.identity.fakes import LUCIE, MARC, NOW, issued, lucie, marc, sealed
from tests.unit.identity.scenarios import emails, federation, freezing, passkeys
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene

MAILED = "59260734"
# Somebody else of the same name and birth date.
TWIN = replace(lucie(), id=uuid5(LUCIE, "twin"), nir=nir.parse("2850329990999"))


async def restore(scene: Scene, person: InsuredPerson, address: str, *, now: datetime) -> None:
    """An agent has seen this person, who gives that address."""
    letter = Letter(sealed(address), issued(MAILED))
    command = handlers.RestoreAccess(person.nir, email.parse(address), letter, now)
    await scene.run(handlers.restore_access, command)


async def decide(scene: Scene, person: InsuredPerson | None, *, now: datetime = NOW + DAY) -> None:
    """An agent found out who the first person that waits is."""
    [reference, *_] = await scene.run(handlers.list_reviews, handlers.ListReviews(10))
    decision = handlers.DecideReview(reference, person.id if person else None, now)
    await scene.run(handlers.decide_review, decision)


@scenario
async def whoever_lost_code_and_mailbox_comes_in_by_a_code_at_the_address_they_gave_the_agent(scene: Scene) -> None:
    await passkeys.an_account_with_a_passkey(scene)
    later = NOW + DAY
    await restore(scene, lucie(), emails.NEW, now=later)
    assert (await scene.last(CodeReset)).reason is ResetReason.BY_CAISSE
    assert (await scene.last(EmailChanged)).changed_at == later
    assert await emails.addresses(scene, now=later) == (emails.NEW, None)
    session = await scene.log_in(lucie().nir, MAILED, "back", now=later + HOUR, device="another")
    assert session.scope is Scope.CODE_CHANGE


@scenario
async def nothing_from_before_opens_an_account_that_an_agent_gave_back(scene: Scene) -> None:
    await passkeys.an_account_with_a_passkey(scene)
    await scene.log_in(lucie().nir, "7294", "thief")
    await emails.change(scene, "thief@exemple.invalid", "token")
    await restore(scene, lucie(), emails.NEW, now=NOW + MINUTE)
    assert await scene.devices(lucie(), now=NOW + MINUTE) == []
    assert (await scene.last(SessionRevoked)).revoked_at == NOW + MINUTE
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "7294", "again", now=NOW + HOUR)
    profile = await scene.profile(lucie(), now=NOW + HOUR)
    assert (profile.passkeys, profile.devices, profile.pending_email) == (0, 0, None)


@scenario
async def a_frozen_account_whose_address_a_thief_changed_opens_again_by_the_agents_code_alone(scene: Scene) -> None:
    await emails.an_account(scene)
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token")
    await freezing.freeze(scene, now=NOW + DAY)
    later = NOW + 2 * DAY
    await scene.reset(lucie(), "31415926", now=later)
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "31415926", "reset", now=later)
    await restore(scene, lucie(), emails.OLD, now=later)
    await scene.log_in(lucie().nir, MAILED, "back", now=later + HOUR)
    assert (await scene.last(AccountReopened)).reopened_at == later + HOUR
    await freezing.freeze(scene, "a newer mail", now=later + 2 * HOUR)
    await scene.reset(lucie(), "31415926", now=later + 3 * HOUR)
    await scene.log_in(lucie().nir, "31415926", "owner", now=later + 3 * HOUR)


@scenario
async def the_agents_code_ends_after_a_day_and_the_address_stays_for_the_next_reset(scene: Scene) -> None:
    await emails.an_account(scene)
    await restore(scene, lucie(), emails.NEW, now=NOW)
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, MAILED, "late", now=NOW + DAY)
    await scene.reset(lucie(), "31415926", now=NOW + DAY)
    await scene.log_in(lucie().nir, "31415926", "in time", now=NOW + DAY)


@scenario
async def the_address_that_the_account_has_gets_the_code_and_no_word_of_a_change(scene: Scene) -> None:
    await emails.an_account(scene)
    await restore(scene, lucie(), emails.OLD, now=NOW)
    assert (await scene.told())[-2:] == ["CodeReset:by-caisse", "SessionRevoked"]
    assert "EmailChanged" not in await scene.told()


@scenario
async def an_agent_neither_opens_what_does_not_exist_nor_gives_away_an_address(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    for address in (emails.OLD, emails.NEW):
        with pytest.raises(NotRestored):
            await restore(scene, lucie(), address, now=NOW)
    await scene.create(lucie(), emails.OLD, "48151623")
    with pytest.raises(NotRestored):
        await restore(scene, lucie(), emails.OLD, now=NOW)
    await scene.log_in(lucie().nir, "48151623", "first")
    await scene.create(marc(), emails.NEW, "16180339")
    with pytest.raises(NotRestored):
        await restore(scene, lucie(), emails.NEW, now=NOW)
    assert "CodeReset:by-caisse" not in await scene.told()


@scenario
async def franceconnect_opens_the_account_of_the_one_whom_an_agent_chose_among_several(scene: Scene) -> None:
    await scene.register(lucie(), TWIN)
    arrival = await federation.arrive(scene, lucie(), subject="subject")
    assert arrival.outcome is Outcome.SEVERAL_MATCHES
    await decide(scene, TWIN)
    arrival = await federation.arrive(scene, lucie(), "again", subject="subject", now=NOW + 2 * DAY)
    assert arrival.session
    assert arrival.session.person_id == TWIN.id
    assert await scene.run(handlers.list_reviews, handlers.ListReviews(10)) == []


@scenario
async def an_account_that_was_open_before_is_linked_and_told(scene: Scene) -> None:
    await emails.an_account(scene)
    await scene.register(TWIN)
    await federation.arrive(scene, TWIN, subject="subject")
    await decide(scene, lucie())
    assert (await scene.told())[-1] == "FranceConnectLinked"
    arrival = await federation.arrive(scene, TWIN, "again", subject="subject", now=NOW + 2 * DAY)
    assert arrival.session
    assert arrival.session.person_id == LUCIE


@scenario
async def a_question_is_decided_once_and_only_for_those_it_is_about(scene: Scene) -> None:
    await scene.register(lucie(), TWIN, marc())
    await federation.arrive(scene, lucie(), subject="subject")
    for wrong in (handlers.DecideReview("subject", MARC, NOW), handlers.DecideReview("another", LUCIE, NOW)):
        with pytest.raises(NotFound):
            await scene.run(handlers.decide_review, wrong)
    await decide(scene, None)
    with pytest.raises(NotFound):
        await scene.run(handlers.decide_review, handlers.DecideReview("subject", LUCIE, NOW))
    assert (await federation.arrive(scene, lucie(), subject="subject")).outcome is Outcome.SEVERAL_MATCHES


@scenario
async def the_access_log_names_the_agent_in_all_that_giving_an_account_back_does(scene: Scene) -> None:
    await emails.an_account(scene)
    before = await scene.logged(lucie())
    await restore(scene, lucie(), emails.NEW, now=NOW)
    await scene.log_in(lucie().nir, MAILED, "back", now=NOW + HOUR)
    assert (await scene.logged(lucie()))[len(before) :] == [
        (What.EMAIL_CHANGED, Who.AGENT),
        (What.CODE_ASKED, Who.AGENT),
        (What.SESSIONS_ENDED, Who.AGENT),
        (What.LOGGED_IN, Who.SELF),
    ]


@scenario
async def the_access_log_names_the_agent_who_took_an_address_for_validated(scene: Scene) -> None:
    await scene.register(lucie())
    await federation.arrive(scene, lucie(), "first", address=emails.OLD)
    before = await scene.logged(lucie())
    await restore(scene, lucie(), emails.NEW, now=NOW)
    assert (await scene.logged(lucie()))[len(before) :] == [
        (What.EMAIL_CHANGED, Who.AGENT),
        (What.EMAIL_VALIDATED, Who.AGENT),
        (What.CODE_ASKED, Who.AGENT),
        (What.SESSIONS_ENDED, Who.AGENT),
    ]


@scenario
async def the_access_log_of_all_whom_an_agent_is_shown_says_so_at_each_look(scene: Scene) -> None:
    await scene.register(lucie(), TWIN, marc())
    await federation.arrive(scene, lucie(), subject="subject")
    for looks in (1, 2):
        found = await scene.run(handlers.read_review, handlers.ReadReview("subject", NOW))
        assert {each.id for each in found[1]} == {LUCIE, TWIN.id}
        for person in (lucie(), TWIN):
            assert await scene.logged(person) == [(What.REVIEW_READ, Who.AGENT)] * looks
    assert await scene.logged(marc()) == []
    await decide(scene, None)
    assert await scene.run(handlers.read_review, handlers.ReadReview("subject", NOW)) is None


@scenario
async def the_access_log_of_all_who_were_in_question_says_what_an_agent_decided(scene: Scene) -> None:
    await scene.register(lucie(), TWIN)
    denied, confirmed = (What.REVIEW_DENIED, Who.AGENT), (What.REVIEW_CONFIRMED, Who.AGENT)
    await federation.arrive(scene, lucie(), subject="subject")
    await decide(scene, None)
    assert [await scene.logged(each) for each in (lucie(), TWIN)] == [[denied], [denied]]
    await federation.arrive(scene, lucie(), subject="subject")
    await decide(scene, TWIN)
    assert [await scene.logged(each) for each in (lucie(), TWIN)] == [[denied] * 2, [denied, confirmed]]


@scenario
async def the_access_log_names_the_agent_who_let_franceconnect_open_an_account(scene: Scene) -> None:
    await emails.an_account(scene)
    await scene.register(TWIN)
    await federation.arrive(scene, TWIN, subject="subject")
    before = await scene.logged(lucie())
    await decide(scene, lucie())
    assert (await scene.logged(lucie()))[len(before) :] == [
        (What.REVIEW_CONFIRMED, Who.AGENT),
        (What.FRANCECONNECT_LINKED, Who.AGENT),
    ]
    assert await scene.logged(TWIN) == [(What.REVIEW_DENIED, Who.AGENT)]


@scenario
async def a_decision_about_somebody_else_is_refused_and_says_nothing(scene: Scene) -> None:
    await scene.register(lucie(), TWIN, marc())
    await federation.arrive(scene, lucie(), subject="subject")
    with pytest.raises(NotFound):
        await scene.run(handlers.decide_review, handlers.DecideReview("subject", MARC, NOW))
    assert await scene.told() == []
    await decide(scene, lucie())


@scenario
async def the_access_log_names_the_owner_in_what_they_do_themselves(scene: Scene) -> None:
    await emails.an_account(scene)
    before = await scene.logged(lucie())
    await emails.change(scene, emails.NEW, "token")
    await emails.validate(scene, "token")
    await federation.arrive(scene, lucie())
    await federation.link(scene, "device")
    await scene.run(handlers.end_sessions, handlers.EndSessions(LUCIE, NOW))
    assert (await scene.logged(lucie()))[len(before) :] == [
        (What.EMAIL_CHANGE_ASKED, Who.SELF),
        (What.EMAIL_CHANGED, Who.SELF),
        (What.FRANCECONNECT_LINKED, Who.SELF),
        (What.SESSIONS_ENDED, Who.SELF),
    ]
