"""Closing one's own account, through the gateway and the mailbox alone, and coming back."""

import asyncio
from functools import partial

from deploy.demo.client import Insured, seen
from deploy.demo.mailbox import NOT_ME, VALIDATION
from deploy.demo.upstream import import_register
from deploy.embedded import idp
from tests.authenticator import Authenticator
from tests.settling import (
    Settled,
    address,
    device,
    enter_with,
    landed,
    profile,
    refused_after,
    settle_in,
    somebody,
    told,
)
from tests.world import World

PROMISED = 5.0  # seconds until an ended session opens nothing (SECURITY.md), on any machine
CLOSED = "Votre compte est fermé"


async def shown(device: Insured, *, payments: int, requests: int) -> bool:
    """Whether the home page shows so many of each."""
    page = await device.home()
    found = page["latest_payments"]["payments"], page["requests_in_progress"]["requests"]
    return (len(found[0]), len(found[1])) == (payments, requests)


async def in_use(world: World, settled: Settled) -> None:
    """Wait until the home page shows three payments and an order."""
    await world.settle(settled.person)
    await seen(partial(shown, settled.device, payments=3, requests=0), "the payments")
    (await settled.device.call("POST", "/requests", {"kind": "vitale-card-order"})).expect(202)
    await seen(partial(shown, settled.device, payments=3, requests=1), "the request")


async def nothing_opens(settled: Settled, phone: Insured, passkey: Authenticator, link: str) -> None:
    """Assert that what opened, continued or froze the account does so no more, in any service."""
    browser = settled.device
    assert await refused_after(browser, phone) <= PROMISED
    (await phone.refresh()).expect(401)
    (await browser.call("POST", "/sessions/refresh")).expect(401)
    (await browser.first_code(settled.person.nir, settled.code)).expect(401)
    (await enter_with(passkey, browser)).expect(401)
    (await browser.call("POST", "/account-freezes", {"token": link})).expect(410)


async def comes_back(world: World, settled: Settled, passkey: Authenticator) -> None:
    """Assert that the next account is a fresh one, with what was paid and asked for before."""
    async with device(world, address()) as again:
        await settle_in(settled.person, again)
        me = await profile(again)
        assert (me["person_id"], me["passkeys"], me["devices"]) == (settled.person.person_id, 0, 1)
        assert me["previous_log_in"] is None
        await seen(partial(shown, again, payments=3, requests=1), "the home page of the next account")
        assert (await again.home())["account"]["email_validated"]
        assert len((await again.call("GET", "/payments")).expect(200).body["items"]) == 3
        [request] = (await again.call("GET", "/requests")).expect(200).body["items"]
        assert request["kind"] == "vitale-card-order"
        (await enter_with(passkey, again)).expect(401)
        assert CLOSED not in await again.mailbox.subjects(again.email)


async def test_a_person_closes_the_account_and_finds_their_payments_again_in_another(world: World) -> None:
    person, other, email = somebody(), somebody(), address()
    await import_register(world.data, [person.line(), other.line()])
    async with device(world, email) as browser, device(world, email, app=True) as phone:
        settled = await settle_in(person, browser)
        passkey = await settled.add_passkey(world.stack.site)
        await settled.log_in_at(phone)
        await in_use(world, settled)
        link = await browser.mailed(NOT_ME, "a mail with the link “ce n'est pas moi”")

        for wrong in ({}, {"current_code": "0000"}):
            (await browser.call("DELETE", "/me", wrong)).expect(422)
        left = (await browser.call("DELETE", "/me", {"current_code": settled.code})).expect(204)

        assert "storage" in left.headers["clear-site-data"]
        await nothing_opens(settled, phone, passkey, link)
        await seen(told(browser, CLOSED), "the last mail")
        async with device(world, email) as another:
            await another.create_account(**other.form())
            code = await another.provisional_code(count=2)
            (await another.first_code(other.nir, code)).expect(200)
        await comes_back(world, settled, passkey)
        assert (await browser.mailbox.subjects(email)).count(CLOSED) == 1


async def test_franceconnect_opens_another_account_after_the_first_and_its_own_session_ends(world: World) -> None:
    person, email = somebody(), address()
    await import_register(world.data, [person.line()])
    await idp.remember(world.data, world.stack.idp, person.pivot(person.person_id, email=email))
    async with device(world, email) as browser:
        assert landed((await browser.france_connect(person.person_id)).expect(302).headers) == "/accueil"
        created = (await profile(browser))["created_at"]
        await browser.mailed(VALIDATION, "the mail that asks to validate an address", to=email)
        left = (await browser.call("DELETE", "/me", {})).expect(200)
        assert "&state=compte-ferme." in left.body["continue_at"]
        async with browser._http.get(left.body["continue_at"], allow_redirects=False) as answer:
            assert answer.headers["location"].startswith(f"{world.stack.site}/connexion?state=compte-ferme.")
        (await browser.validate_email(email)).expect(410)
        assert landed((await browser.france_connect(person.person_id)).expect(302).headers) == "/accueil"
        assert (await profile(browser))["created_at"] > created
        assert CLOSED not in await browser.mailbox.subjects(email), "nobody proved to read it"
        accounts = world.database("identity")["accounts"]
        assert await asyncio.to_thread(accounts.count_documents, {"_id": person.person_id}) == 1
