"""A8: nobody comes in by FranceConnect with what is not theirs, not fresh, or not signed; each try is noted once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import now
from deploy.demo.client import seen
from deploy.demo.mailbox import CODE, VALIDATION
from deploy.embedded import idp
from services.identity.domain.franceconnect import Reason
from tests.abuse.callers import Reply, nobody
from tests.abuse.figures import say
from tests.abuse.visitors import HOME, LINK, LOOPED, REFUSED, TICKET, Cast, Visitor, fault, noted, opened
from tests.settling import address, device, landed, somebody
from tests.unit.identity.test_franceconnect_forged import REFUSED as FORGED
from tests.world import World

BATCH = 20  # codes live 30 s
Tampered = Callable[[Visitor, Visitor], Awaitable[Reply]]


async def _replayed(victim: Visitor, _: Visitor) -> Reply:
    assert opened(await victim.come_back())
    return await victim.come_back()


async def _replayed_with_the_copied_cookie(victim: Visitor, thief: Visitor) -> Reply:
    ticket = victim.ticket
    assert opened(await victim.come_back())
    thief.browser.cookies[TICKET] = ticket
    return await thief.come_back(**victim.brought)


async def _without_state(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(state=None)


async def _with_an_invented_state(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(state="s" * 43)


async def _with_the_state_of_another(victim: Visitor, thief: Visitor) -> Reply:
    return await victim.come_back(state=thief.brought["state"])


async def _late(victim: Visitor, _: Visitor) -> Reply:
    ceremonies = victim.world.database("identity")["ceremonies"]
    gone = {"$set": {"expires_at": now() - timedelta(seconds=1)}}
    await asyncio.to_thread(ceremonies.update_many, {}, gone)
    return await victim.come_back()


async def _in_a_browser_that_began_nothing(victim: Visitor, thief: Visitor) -> Reply:
    del victim.browser.cookies[TICKET]
    return await victim.come_back(**thief.brought)


async def _in_a_browser_that_began_its_own(victim: Visitor, thief: Visitor) -> Reply:
    return await victim.come_back(**thief.brought)


async def _with_the_code_of_another(victim: Visitor, thief: Visitor) -> Reply:
    return await thief.come_back(code=victim.brought["code"])


async def _with_a_code_that_was_used(victim: Visitor, thief: Visitor) -> Reply:
    assert opened(await victim.come_back())
    return await thief.come_back(code=victim.brought["code"])


async def _with_an_invented_code(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(code="c" * 43)


async def _without_code(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(code=None)


async def _declined(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(error="access_denied")


async def _failed_there(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(error="server_error", code=None)


async def _with_a_malformed_state(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(state=f"{victim.brought['state']}\x00é")


async def _with_a_state_that_is_too_long(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(state="s" * 201)


async def _with_a_state_that_is_longer_than_anything(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(state="s" * 3000)


async def _with_a_malformed_code(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(code="\r\n")


async def _with_a_code_that_is_longer_than_anything(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(code="c" * 3000)


async def _with_an_error_that_is_longer_than_anything(victim: Visitor, _: Visitor) -> Reply:
    return await victim.come_back(error="e" * 3000)


async def _with_a_malformed_ticket(victim: Visitor, _: Visitor) -> Reply:
    victim.browser.cookies[TICKET] = "x"
    return await victim.come_back()


async def _with_a_ticket_that_is_longer_than_anything(victim: Visitor, _: Visitor) -> Reply:
    victim.browser.cookies[TICKET] = "x" * 3000
    return await victim.come_back()


TAMPERED: Mapping[Tampered, str] = {
    _replayed: "state",
    _replayed_with_the_copied_cookie: "state",
    _without_state: "state",
    _with_an_invented_state: "state",
    _with_the_state_of_another: "state",
    _with_a_malformed_state: "state",
    _with_a_state_that_is_too_long: "state",
    _with_a_state_that_is_longer_than_anything: "state",
    _with_a_malformed_ticket: "state",
    _with_a_ticket_that_is_longer_than_anything: "state",
    _late: "state",
    _in_a_browser_that_began_nothing: "state",
    _in_a_browser_that_began_its_own: "state",
    _with_the_code_of_another: "code",
    _with_a_code_that_was_used: "code",
    _with_an_invented_code: "code",
    _with_a_malformed_code: "code",
    _with_a_code_that_is_longer_than_anything: "code",
    _without_code: "returned-error",
    _with_an_error_that_is_longer_than_anything: "returned-error",
    _declined: "declined",
    _failed_there: "away: returned-error",
}


@pytest.mark.parametrize("tampered", TAMPERED, ids=lambda each: each.__name__.strip("_"))
async def test_a_way_back_that_was_tampered_with_opens_nothing(world: World, cast: Cast, tampered: Tampered) -> None:
    victim, thief = Visitor.new(world, cast.victim), Visitor.new(world, cast.other)
    await asyncio.gather(victim.sign_in(), thief.sign_in())
    reply = await tampered(victim, thief)
    assert reply.status == 302
    assert not opened(reply)
    assert (await noted(world))[reply.headers["x-trace-id"]] == [TAMPERED[tampered]]


async def test_what_a_browser_began_no_application_ends(world: World, cast: Cast) -> None:
    visitor = await Visitor.new(world, cast.victim).sign_in()
    said = {"state": visitor.brought["state"], "code": visitor.brought["code"], "ticket": visitor.ticket}
    taken = await nobody(world).send("POST", "/franceconnect/sessions", said)
    assert taken.status == 401
    assert "token" not in taken.text
    assert not opened(await visitor.come_back())


async def test_what_an_application_brings_malformed_is_noted_once_too_and_never_quoted(world: World) -> None:
    said = {"state": "pirate-éé", "code": "c", "ticket": "t" * 43}
    taken = await nobody(world).send("POST", "/franceconnect/sessions", said)
    assert taken.status == 422
    assert (await noted(world))[taken.headers["x-trace-id"]] == ["state"]
    assert "pirate" not in await asyncio.to_thread(world.logs)


async def test_no_forged_token_is_accepted_and_each_is_noted_once(world: World, cast: Cast) -> None:
    started, replies = time.monotonic(), {}
    names = list(FORGED)
    for first in range(0, len(names), BATCH):
        batch = names[first : first + BATCH]
        visitors = [Visitor.new(world, cast.victim) for _ in batch]
        await asyncio.gather(*(visitor.sign_in() for visitor in visitors))
        for name, visitor in zip(batch, visitors, strict=True):
            async with fault(world, name):
                replies[name] = await visitor.come_back()
    log = await noted(world)
    assert [name for name, reply in replies.items() if opened(reply)] == []
    ends = {name: LOOPED if reason is Reason.LOOP else REFUSED for name, reason in FORGED.items()}
    assert {name: reply.headers["location"] for name, reply in replies.items()} == ends
    told = {name: log[reply.headers["x-trace-id"]] for name, reply in replies.items()}
    assert told == {name: [reason.value] for name, reason in FORGED.items()}
    assert len(told) >= 20
    assert landed((await Visitor.new(world, cast.victim).enter()).headers) == HOME
    say("A8", f"{len(told)} forged log-ins in {time.monotonic() - started:.1f} s, 0 accepted, each noted once")


async def test_what_a_stranger_prepared_is_void_once_the_person_comes(world: World, cast: Cast) -> None:
    person = cast.waiting
    async with device(world, address()) as stranger:
        await stranger.create_account(**person.form())
        prepared = await stranger.provisional_code()
        own = address()
        await idp.remember(world.data, world.stack.idp, person.pivot(person.person_id, email=own))

        visitor = Visitor.new(world, person.person_id)
        assert landed((await visitor.enter()).headers) == HOME

        assert await visitor.person_id() == person.person_id
        assert (await visitor.browser.send("GET", "/me")).body["email"] is None
        (await stranger.first_code(person.nir, prepared)).expect(401)
        await stranger.create_account(**person.form())
        asked = {"nir": person.nir, "birth_date": person.birth_date}
        (await stranger.call("POST", "/code-resets", asked)).expect(202)
        # What is written after all of that has come, and nothing before it to the stranger.
        await stranger.mailed(VALIDATION, "the mail to the person's own address", to=own)
        await cast.owner.device.create_account(**cast.owner.person.form())

        async def owner_told() -> bool:
            subjects = await cast.owner.device.mailbox.subjects(cast.mailbox)
            return "Une création de compte a été demandée" in subjects

        await seen(owner_told, "the mail of a later demand")
        assert len(await stranger.mailbox.mails(stranger.email)) == 1
        assert await visitor.person_id() == person.person_id


async def test_an_account_of_codes_is_linked_by_its_code_alone(world: World, cast: Cast) -> None:
    owner, visitor = cast.owner, Visitor.new(world, cast.owner.person.person_id)

    async def asked() -> str:
        reply = await visitor.enter()
        assert reply.headers["location"] == "/connexion?franceconnect=lier"
        assert await visitor.person_id() == ""
        return visitor.browser.cookies[LINK]

    ticket = await asked()
    assert (await visitor.browser.send("POST", "/me/franceconnect")).status == 401
    other = Visitor.new(world, cast.other)
    assert opened(await other.enter())
    assert (await other.browser.send("POST", "/me/franceconnect", {"link_ticket": ticket})).status == 404
    (await owner.log_in()).expect(200)
    (await owner.device.call("POST", "/me/franceconnect", {"link_ticket": ticket})).expect(404)

    ticket = await asked()
    pending = world.database("identity")["pending_links"]
    await asyncio.to_thread(pending.update_many, {}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    (await owner.device.call("POST", "/me/franceconnect", {"link_ticket": ticket})).expect(404)
    await asked()


async def test_nobody_is_found_by_an_address_that_two_persons_share(world: World, cast: Cast) -> None:
    stranger = f"stranger-{uuid4().hex}"
    unknown = somebody().pivot(stranger, email=cast.mailbox)
    await idp.remember(world.data, world.stack.idp, unknown)
    nobodys = Visitor.new(world, stranger)
    assert (await nobodys.enter()).headers["location"] == "/franceconnect?resultat=no-match"
    assert await nobodys.person_id() == ""

    other = Visitor.new(world, cast.other)
    assert opened(await other.enter())
    assert await other.person_id() == cast.other
    assert (await other.browser.send("GET", "/me")).body["email"] is None
    (await cast.owner.log_in()).expect(200)
    me = (await cast.owner.device.call("GET", "/me")).expect(200).body
    assert (me["person_id"], me["email_validated"]) == (cast.owner.person.person_id, True)
    assert await cast.owner.device.mailbox.lines(cast.mailbox, VALIDATION) == []
    assert len(await cast.owner.device.mailbox.lines(cast.mailbox, CODE)) == 1
