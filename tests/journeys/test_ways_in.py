"""Every way into the account, and what its owner can do about it, through the gateway and the mailbox alone."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest

from chassis.clock import PARIS
from deploy.demo.client import seen
from deploy.demo.journey import own_code
from deploy.demo.mailbox import NOT_ME, SECOND_CODE
from deploy.demo.people import RegisterLine, register, subject, with_key
from deploy.demo.upstream import import_register
from deploy.embedded import idp
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

OPENED, RENEWED = "Votre compte est créé : votre code provisoire", "Votre nouveau code provisoire"

ENZO, CAMILLE = subject("P8"), f"camille-{uuid4().hex}"
EFFECTIVE = 1.0  # seconds until an ended session opens nothing (reliability A6)
UNTIL = re.compile(r"aucun code n’est accepté à cet endroit jusqu’au .* à ([0-9]+) h ([0-9]{2})\.")


@pytest.fixture(scope="module")
async def people(world: World) -> dict[str, RegisterLine]:
    """Those of whom the caisse told in one file, and Camille known to FranceConnect too."""
    found = {name: somebody() for name in ("camille", "sacha", "lou", "maya")}
    found |= {"enzo": RegisterLine(**register()[7]), "alix": somebody(provisional=True)}
    await import_register(world.data, [person.line() for person in found.values()])
    await idp.remember(world.data, world.stack.idp, found["camille"].pivot(CAMILLE))
    return found


@pytest.fixture(scope="module")
async def camille(world: World, people: dict[str, RegisterLine]) -> AsyncIterator[Settled]:
    """Somebody who uses the site."""
    async with device(world, address()) as browser:
        yield await settle_in(people["camille"], browser)


@pytest.fixture(scope="module")
async def sacha(world: World, people: dict[str, RegisterLine]) -> AsyncIterator[Settled]:
    """Somebody who uses the application."""
    async with device(world, address(), app=True) as phone:
        yield await settle_in(people["sacha"], phone)


async def test_franceconnect_opens_an_account_and_its_address_is_validated_by_mail(
    world: World, people: dict[str, RegisterLine]
) -> None:
    email = "enzo.bidon@exemple.invalid"
    async with device(world, email) as browser, aiohttp.ClientSession() as http:
        assert landed((await browser.france_connect(ENZO)).expect(302).headers) == "/accueil"
        me = await profile(browser)
        assert (me["person_id"], me["email"]) == (people["enzo"].person_id, None)
        assert (me["franceconnect_linked"], me["email_validated"]) == (True, False)
        (await browser.call("PUT", "/me/code", {"new_code": own_code()})).expect(403)

        (await browser.validate_email(email)).expect(200)
        assert (await profile(browser))["email_validated"]

        async def shown() -> bool:
            account = (await browser.home())["account"]
            return (account.get("last_name"), account.get("email_validated")) == ("BIDON", True)

        await seen(shown, "the home page of somebody who came by FranceConnect")
        left = (await browser.call("DELETE", "/sessions/current")).expect(200).body["continue_at"]
        async with http.get(left, allow_redirects=False) as answer:
            assert answer.headers["location"].startswith(f"{world.stack.site}/connexion")
        assert landed((await browser.france_connect(ENZO)).expect(302).headers) == "/accueil"
        code = own_code()
        await browser.choose_code(code)
        (await browser.first_code(people["enzo"].nir, code)).expect(200)
        assert (await profile(browser))["person_id"] == people["enzo"].person_id


async def test_franceconnect_is_linked_to_an_account_by_its_code(world: World, camille: Settled) -> None:
    async with device(world, camille.device.email) as browser:
        arrived = (await browser.france_connect(CAMILLE)).expect(302)
        assert arrived.headers["location"] == "/connexion?franceconnect=lier"
        (await browser.call("GET", "/me")).expect(401)

        await camille.log_in_at(browser)
        (await browser.call("POST", "/me/franceconnect")).expect(204)

        await browser.call("DELETE", "/sessions/current")
        assert landed((await browser.france_connect(CAMILLE)).expect(302).headers) == "/accueil"
        assert (await profile(browser))["person_id"] == camille.person.person_id
        await seen(told(browser, "FranceConnect ouvre désormais votre compte"), "the owner to be told")
    async with device(world, camille.device.email, app=True) as phone:
        assert (await phone.france_connect(CAMILLE)).expect(200).body["outcome"] == "session"
        assert (await profile(phone))["person_id"] == camille.person.person_id


async def test_the_application_opens_an_account_with_card_and_bank_account(
    world: World, sacha: Settled, people: dict[str, RegisterLine]
) -> None:
    await sacha.log_in()
    assert (await sacha.device.home())["account"]["last_name"] == sacha.person.birth_last_name
    async with device(world, address(), app=True) as phone:
        wrong = people["lou"].card_form() | {"vitale_serial": "900000000"}
        refused = await phone.create_account_in_app(**wrong)
        again = await sacha.device.create_account_in_app(**sacha.person.card_form())
        assert refused.body == again.body
        await seen(told(sacha.device, "Une création de compte a été demandée"), "the owner to be told")
        assert await phone.mailbox.mails(phone.email) == []


async def test_a_new_device_needs_a_second_code_once(world: World, camille: Settled) -> None:
    nir, code = camille.person.nir, camille.code
    async with device(world, camille.device.email, app=True) as phone:
        before = len(await phone.mailbox.lines(phone.email, SECOND_CODE))
        challenge = (await phone.first_code(nir, code)).expect(202).body["challenge_id"]
        (await phone.second_code(challenge, "000000")).expect(401)
        second = await phone.mailed(SECOND_CODE, "the second code", count=before + 1)
        (await phone.second_code(challenge, second)).expect(200)

        (await phone.first_code(nir, code)).expect(200)
        [known] = [each for each in await phone.devices() if each["current"]]
        assert known["client_id"] == "android"
        (await phone.call("DELETE", f"/devices/{known['device_id']}")).expect(204)
        (await phone.first_code(nir, code)).expect(202)


async def test_a_passkey_opens_the_account_without_number_and_code(world: World, camille: Settled) -> None:
    await camille.log_in()
    passkey = await camille.add_passkey(world.stack.site)
    await seen(told(camille.device, "Une clé d’accès a été ajoutée à votre compte"), "the owner to be told")
    async with device(world, camille.device.email) as browser:
        (await enter_with(passkey, browser)).expect(200)
        assert (await profile(browser))["person_id"] == camille.person.person_id
        await seen(told(browser, "Connexion à votre compte depuis un nouvel appareil"), "the new device to be told")
        [kept] = (await browser.call("GET", "/me/passkeys")).expect(200).body["passkeys"]
        (await browser.call("DELETE", f"/me/passkeys/{kept['passkey_id']}")).expect(204)
        (await enter_with(passkey, browser)).expect(401)


async def test_an_address_holds_until_the_next_one_is_validated_and_not_longer(world: World, camille: Settled) -> None:
    await camille.log_in()
    browser, old, new = camille.device, camille.device.email, f"nouvelle-{address()}"
    (await browser.call("PUT", "/me/email", {"email": new})).expect(422)
    (await browser.call("PUT", "/me/email", {"email": new, "current_code": camille.code})).expect(202)
    me = await profile(browser)
    assert (me["email"][0], me["pending_email"][0], me["email_validated"]) == (old[0], new[0], True)
    await seen(told(browser, "Un changement d’adresse e-mail a été demandé", old), "the old address to be told")

    (await browser.validate_email(new)).expect(200)

    assert (await profile(browser))["pending_email"] is None
    for each in (old, new):
        await seen(told(browser, "L’adresse e-mail de votre compte a changé", each), "both addresses to be told")
    before = await browser.mailbox.subjects(old)
    asked = {"nir": camille.person.nir, "birth_date": camille.person.birth_date}
    (await browser.call("POST", "/code-resets", asked)).expect(202)
    await browser.provisional_code()
    assert await browser.mailbox.subjects(old) == before
    (await browser.validate_email(new)).expect(410)


async def test_this_is_not_me_ends_everything_until_the_owner_proves_who_they_are(world: World, sacha: Settled) -> None:
    await sacha.log_in()
    passkey = await sacha.add_passkey(world.stack.site)
    async with device(world, sacha.device.email) as browser, device(world, sacha.device.email, app=True) as phone:
        await sacha.log_in_at(browser)
        link = {"token": await phone.mailed(NOT_ME, "a mail with the link “ce n'est pas moi”")}
        assert (await phone.call("POST", "/account-freezes", link)).expect(200).body["next_steps"]
        assert await refused_after(sacha.device, browser) <= EFFECTIVE
        (await sacha.device.refresh()).expect(401)
        for each in (sacha.device, browser):
            (await each.first_code(sacha.person.nir, sacha.code)).expect(401)
        (await enter_with(passkey, phone)).expect(401)

        provisional = await sacha.ask_for_code()
        (await sacha.device.first_code(sacha.person.nir, provisional)).expect(200)
        sacha.code = own_code()
        await sacha.device.choose_code(sacha.code)
        assert ((await profile(sacha.device))["passkeys"], len(await sacha.device.devices())) == (0, 1)
        (await browser.first_code(sacha.person.nir, sacha.code)).expect(202)
        await seen(told(browser, "Votre compte est rouvert"), "the owner to be told")
        (await phone.call("POST", "/account-freezes", link)).expect(410)


async def test_the_owner_reads_who_did_what_in_every_service(world: World, camille: Settled) -> None:
    await world.settle(camille.person)
    await camille.log_in()

    async def settled() -> bool:
        return bool((await camille.device.call("GET", "/payments")).expect(200).body["items"])

    await seen(settled, "the payments")
    (await camille.device.call("POST", "/requests", {"kind": "vitale-card-order"})).expect(202)
    expected = {
        ("identity", "logged-in", "self"),
        ("payments", "payments-viewed", "self"),
        ("payments", "reimbursement-paid", "caisse"),
        ("procedures", "card-ordered", "self"),
        ("notifications", "email-sent", "caisse"),
    }

    async def noted() -> bool:
        log = (await camille.device.call("GET", "/me/access-log")).expect(200).body
        return expected <= {(each["service"], each["what"], each["who"]) for each in log["entries"]}

    await seen(noted, "entries of four services")


async def test_logging_out_everywhere_ends_every_session(world: World, camille: Settled) -> None:
    await camille.log_in()
    async with device(world, camille.device.email, app=True) as phone:
        await camille.log_in_at(phone)
        left = (await camille.device.call("DELETE", "/sessions")).expect(204)
        assert await refused_after(phone, camille.device) <= EFFECTIVE
        (await phone.refresh()).expect(401)
        assert "storage" in left.headers["clear-site-data"]


async def test_a_number_that_is_certified_keeps_the_person_and_the_old_number(
    world: World, people: dict[str, RegisterLine]
) -> None:
    provisional = people["alix"]
    certified = replace(provisional, nir=with_key(f"2{provisional.nir[1:13]}"))
    await world.settle(provisional)
    async with device(world, address()) as browser:
        await browser.create_account(**provisional.form())
        await import_register(world.data, [certified.line()])
        alix = await settle_in(certified, browser)
        told = await browser.mailbox.subjects(browser.email)
        assert (told.count(OPENED), told.count(RENEWED)) == (1, 0), "a provisional number has no account"

        (await browser.first_code(provisional.nir, alix.code)).expect(200)

        assert (await profile(browser))["person_id"] == provisional.person_id
        payments = (await browser.call("GET", "/payments")).expect(200).body["items"]
        assert len(payments) == 3


async def test_the_owner_is_told_how_long_strangers_made_them_wait(world: World, sacha: Settled) -> None:
    await sacha.log_in()
    async with device(world, address()) as stranger:
        for _ in range(5):
            (await stranger.first_code(sacha.person.nir, own_code())).expect(401)
        waiting = (await stranger.first_code(sacha.person.nir, own_code()[:7])).expect(429)
    until = datetime.now(UTC) + timedelta(seconds=int(waiting.headers["retry-after"]))
    hour, minute = await sacha_reads(sacha)
    named = until.astimezone(PARIS).replace(hour=hour, minute=minute, second=0, microsecond=0)
    assert abs(named - until) <= timedelta(minutes=1)
    await sacha.log_in()
    assert (await profile(sacha.device))["failed_attempts_since"] == 5


async def sacha_reads(sacha: Settled) -> tuple[int, int]:
    """The hour and minute that the mail names."""
    mailbox, email = sacha.device.mailbox, sacha.device.email
    await seen(told(sacha.device, "Trop de codes erronés pour votre compte"), "the owner to be told")
    mails = await mailbox.mails(email)
    found = [UNTIL.search(await mailbox.text(mail)) for mail in mails]
    [hour, minute] = next(each.groups() for each in found if each)
    return int(hour), int(minute)


async def test_an_account_that_nobody_opens_is_closed_and_its_address_is_free(
    world: World, people: dict[str, RegisterLine]
) -> None:
    async with device(world, address()) as browser:
        await browser.create_account(**people["lou"].form())
        await browser.provisional_code()
        accounts, lou = world.database("identity")["accounts"], {"_id": people["lou"].person_id}
        now = datetime.now(UTC)
        expired = {"created_at": now - timedelta(days=1), "unopened_until": now, "provisional.expires_at": now}
        await asyncio.to_thread(accounts.update_one, lou, {"$set": expired})

        async def closed() -> bool:
            return await asyncio.to_thread(accounts.find_one, lou) is None

        await seen(closed, "the account to be closed")
        await browser.create_account(**people["maya"].form())
        code = await browser.provisional_code(count=2)
        (await browser.first_code(people["maya"].nir, code)).expect(200)
