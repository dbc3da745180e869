"""Coming in by FranceConnect: who gets an account, whose is asked for its code, and who is turned away."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid5

import pytest

from contracts.birth_date import BirthDate
from contracts.identity import (
    AccountCreated,
    AccountCreationAttempted,
    AccountReopened,
    EmailChangeRequested,
    FranceConnectLinked,
    LoggedIn,
)
from contracts.problems import Unauthenticated
from services.identity.domain import email, nir
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.emails import Proposal
from services.identity.domain.federation import Link, Outcome, Return, Turn
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.pivot import Gender, PivotIdentity
from services.identity.domain.session import Client
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers import federation as handlers
from services.identity.handlers import freezing
from services.identity.handlers.devices import Visit
from services.identity.handlers.entering import Entry
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie, marc, sealed
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene, session_id


def identity_of(person: InsuredPerson) -> PivotIdentity:
    """The person as FranceConnect knows them."""
    names = (person.first_name,), person.birth_last_name
    return PivotIdentity(*names, person.birth_date, Gender.FEMALE, "29019", "99100")


def proposal(address: str) -> Proposal:
    """An address that FranceConnect gave."""
    return Proposal(email.parse(address), sealed(address), f"token for {address}", sealed("token"))


async def arrive(
    scene: Scene,
    person: InsuredPerson,
    name: str = "device",
    *,
    subject: str = "",
    address: str | None = None,
    now: datetime = NOW,
) -> handlers.Arrival:
    """FranceConnect vouches for this person on the device of that name, which also names the link ticket."""
    visit = Visit(Client.WEB, None, uuid5(person.id, f"device {name}"))
    command = handlers.Arrive(
        subject or f"subject of {person.id}",
        identity_of(person),
        "eidas2",
        proposal(address) if address else None,
        f"{name} link",
        Entry(visit, session_id(name), f"{name} token", now),
    )
    arrival: handlers.Arrival = await scene.run(handlers.arrive, command)
    return arrival


async def link(
    scene: Scene, name: str, *, person: InsuredPerson | None = None, session: str = "first", now: datetime = NOW
) -> Link | None:
    """A person brings the ticket of that device to their session."""
    owner = person or lucie()
    command = handlers.LinkAccount(owner.id, session_id(session), f"{name} link", now)
    linked: Link | None = await scene.run(handlers.link_account, command)
    return linked


async def come_back(scene: Scene, state: str, ticket: str | None, *, now: datetime = NOW) -> Return:
    returned: Return = await scene.run(handlers.come_back, handlers.ComeBack(state, ticket, now))
    return returned


async def leave(scene: Scene, state: str, ticket: str, client: Client = Client.WEB) -> None:
    await scene.run(handlers.leave_for_franceconnect, handlers.LeaveForFranceConnect(state, ticket, client, NOW))


@scenario
async def whoever_left_comes_back_once_in_time_and_with_the_own_ticket(scene: Scene) -> None:
    for state in ("good", "stolen", "bare", "late"):
        await leave(scene, state, f"ticket of {state}")
    assert await come_back(scene, "good", "ticket of good") == Return(Turn.GO_ON, Client.WEB)
    refused = (
        ("good", "ticket of good", NOW),
        ("never left", "ticket of good", NOW),
        ("stolen", "ticket of bare", NOW),
        ("stolen", "ticket of stolen", NOW),
        ("bare", None, NOW),
        ("bare", "ticket of bare", NOW),
        ("late", "ticket of late", NOW + 10 * MINUTE),
    )
    for state, ticket, now in refused:
        assert (await come_back(scene, state, ticket, now=now)).turn is Turn.REFUSE, (state, ticket)


@scenario
async def a_browser_that_an_app_sent_hands_over_to_it(scene: Scene) -> None:
    await leave(scene, "state", "ticket", Client.IOS)
    for _ in range(2):
        assert await come_back(scene, "state", None) == Return(Turn.TO_APP, Client.IOS)
    assert (await come_back(scene, "state", None, now=NOW + 10 * MINUTE)).turn is Turn.REFUSE
    await leave(scene, "state 2", "ticket 2", Client.IOS)
    assert await come_back(scene, "state 2", "ticket 2") == Return(Turn.GO_ON, Client.IOS)
    assert (await come_back(scene, "state 2", None)).turn is Turn.REFUSE


@scenario
async def somebody_recognised_gets_an_account_at_once_without_email_or_code(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    arrival = await arrive(scene, lucie(), "first")
    assert arrival.session is not None
    assert (arrival.outcome, arrival.session.way, arrival.session.acr) == ("session", "franceconnect", "eidas2")
    assert await scene.told() == ["AccountCreated", "LoggedIn"]
    created = await scene.last(AccountCreated)
    assert (created.person_id, created.way, created.email, created.provisional_code) == (
        LUCIE,
        "franceconnect",
        None,
        None,
    )
    profile = await scene.profile(lucie())
    assert (profile.email, profile.account.pending, profile.account.own_code) == (None, False, None)
    assert await scene.refresh("first token", "next")


@scenario
async def whoever_came_before_is_known_by_the_subject_alone(scene: Scene) -> None:
    await scene.register(lucie())
    await arrive(scene, lucie(), "first")
    again = await arrive(scene, lucie(birth_last_name="AUTRE"), "second", now=NOW + HOUR)
    assert again.session is not None
    assert again.session.person_id == LUCIE
    told = await scene.last(LoggedIn)
    assert told.previous is not None
    assert (told.previous.way, told.current.way, told.new_device) == ("franceconnect", "franceconnect", True)
    assert (await scene.told()).count("AccountCreated") == 1


@scenario
async def nobody_several_provisional_numbers_and_other_regimes_get_no_account(scene: Scene) -> None:
    twin = replace(lucie(), id=MARC, nir=marc().nir)
    assert (await arrive(scene, lucie())).outcome is Outcome.NO_MATCH
    await scene.register(lucie(nir=nir.parse("896069935190689")))
    assert (await arrive(scene, lucie())).outcome is Outcome.NO_MATCH
    await scene.register(lucie(regime="msa"))
    elsewhere = await arrive(scene, lucie())
    assert (elsewhere.outcome, elsewhere.portal) == (Outcome.REGIME_NOT_COVERED, "https://www.msa.fr")
    await scene.register(lucie(), twin)
    for name in ("one", "two"):
        assert (await arrive(scene, lucie(), name)).outcome is Outcome.SEVERAL_MATCHES
    assert await scene.told() == ["NirCertified"]


@scenario
async def a_birth_date_that_one_side_knows_better_waits_for_an_agent_and_opens_nothing(scene: Scene) -> None:
    await scene.register(lucie())
    for name, known in (("year", BirthDate(1985)), ("month", BirthDate(1985, 3))):
        assert (await arrive(scene, lucie(birth_date=known), name)).outcome is Outcome.SEVERAL_MATCHES
    await scene.register(lucie(birth_date=BirthDate(1985)))
    assert (await arrive(scene, lucie(), "whole")).outcome is Outcome.SEVERAL_MATCHES
    assert await scene.told() == []
    assert (await arrive(scene, lucie(birth_date=BirthDate(1985)), "same")).outcome is Outcome.SESSION


@scenario
async def nothing_stays_of_an_account_that_a_stranger_prepared(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "stranger@exemple.invalid", "48151623")
    assert (await arrive(scene, lucie(), "first")).outcome is Outcome.SESSION
    assert await scene.told() == ["AccountCreated", "AccountCreated", "LoggedIn"]
    assert (await scene.profile(lucie())).email is None
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "48151623", "theirs", device="strangers")
    await scene.create(marc(), "stranger@exemple.invalid", "59260734")
    assert (await scene.last(AccountCreated)).person_id == MARC


@scenario
async def an_account_that_was_opened_before_is_linked_only_with_its_code(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    for name in ("fc", "fc again"):
        assert (await arrive(scene, lucie(), name)).outcome is Outcome.LINK_REQUIRED
    assert (await scene.told()).count("LoggedIn") == 1
    linked = await link(scene, "fc")
    assert linked is not None
    assert (linked.person_id, (await scene.last(FranceConnectLinked)).linked_at) == (LUCIE, NOW)
    assert await link(scene, "fc") is None
    assert (await arrive(scene, lucie(), "phone")).outcome is Outcome.SESSION
    assert set(await scene.devices(lucie())) == {session_id("first"), session_id("phone")}


@scenario
async def a_link_needs_its_own_person_in_time_and_a_session_opened_with_the_code(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await arrive(scene, marc(), "his", subject="marc")
    for name in ("of another", "late", "by another way", "unused"):
        await arrive(scene, lucie(), name)
    assert await link(scene, "of another", person=marc(), session="his") is None
    assert await link(scene, "of another") is None
    assert await link(scene, "late", now=NOW + 10 * MINUTE) is None
    assert await link(scene, "never given") is None
    with pytest.raises(Unauthenticated):
        await link(scene, "unused", session="unknown")
    assert await link(scene, "unused") is not None
    await arrive(scene, lucie(), "second subject", subject="second")
    await arrive(scene, lucie(), "strong")
    assert await link(scene, "second subject", session="strong") is None
    assert (await scene.told()).count("FranceConnectLinked") == 1


@scenario
async def a_session_of_a_provisional_code_links_nothing_yet(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.log_in(lucie().nir, "48151623", "first")
    await arrive(scene, lucie(), "fc")
    assert await link(scene, "fc") is None


@scenario
async def the_email_of_franceconnect_is_proposed_and_nobody_is_found_by_it(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await scene.open_account(marc(), "famille@exemple.invalid", "7294")
    assert (await arrive(scene, lucie(), "hers", address="FAMILLE@exemple.invalid")).session is not None
    assert (await scene.last(LoggedIn)).person_id == LUCIE
    told = await scene.last(AccountCreationAttempted)
    assert (told.person_id, told.reason) == (MARC, "email-taken")
    assert (await scene.last(EmailChangeRequested)).new_email is None
    assert (await scene.profile(lucie())).email is None


@scenario
async def a_free_email_waits_to_be_validated(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await arrive(scene, lucie(), "first", address="lucie@exemple.invalid")
    asked = await scene.last(EmailChangeRequested)
    assert asked.new_email == sealed("lucie@exemple.invalid")
    assert (await scene.profile(lucie())).email is None
    await arrive(scene, lucie(), "second", address="other@exemple.invalid")
    assert (await scene.told()).count("EmailChangeRequested") == 1


@scenario
async def franceconnect_reopens_a_frozen_account_for_its_owner(scene: Scene) -> None:
    await scene.register(lucie())
    await arrive(scene, lucie(), "first")
    await scene.run(freezing.freeze_account, freezing.FreezeAccount(FreezeLink("mail 1", LUCIE, NOW), NOW))
    assert (await arrive(scene, lucie(), "second", now=NOW + DAY)).outcome is Outcome.SESSION
    assert (await scene.last(AccountReopened)).way == "franceconnect"
    assert (await scene.told())[-2:] == ["AccountReopened", "LoggedIn"]
    assert (await scene.profile(lucie())).account.frozen_at is None


@scenario
async def franceconnect_frees_the_attempts_that_a_stranger_used_up(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await arrive(scene, lucie(), "fc")
    await link(scene, "fc")
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, "9999", "theirs", device="strangers")
    with pytest.raises(TooManyAttempts):
        await scene.log_in(lucie().nir, "9999", "theirs", device="strangers")
    await arrive(scene, lucie(), "second")
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5
    with pytest.raises(InvalidCredentials):
        await scene.log_in(lucie().nir, "9999", "theirs", device="strangers")
