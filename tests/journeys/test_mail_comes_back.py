"""A mail comes back to the provider, who reports it: the screen sends its owner to the caisse (domain F22, F23)."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from chassis.clock import now
from deploy.demo.client import Insured, seen
from deploy.demo.journey import own_code
from deploy.demo.upstream import import_register
from deploy.embedded.keys import keys_of
from tests.settling import Settled, address, device, profile, settle_in, somebody, told
from tests.world import World

CHOSEN = "Votre code de connexion a été choisi"


@dataclass(frozen=True)
class Provider:
    """The mail provider: knows the key and the Message-IDs, and calls the gateway from outside."""

    world: World

    async def send(self, body: bytes, signature: str) -> int:
        """Any body with any signature; the status of the answer, and if it is a refusal, as a problem."""
        headers = {"content-type": "application/json", "x-report-signature": signature}
        url = f"{self.world.stack.gateway}/api/v1/mail-reports"
        async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
            assert answer.status < 400 or answer.content_type == "application/problem+json"
            return answer.status

    def signed(self, body: bytes, *, age: int = 0) -> str:
        """As agreed, so many seconds ago."""
        at, key = int(now().timestamp()) - age, keys_of(self.world.data).mail_report_key
        return f"t={at},v1={hmac.new(key.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"

    async def report(self, message_id: str, kind: str = "bounce") -> int:
        """What became of a mail."""
        body = report_of(message_id, kind)
        return await self.send(body, self.signed(body))


def report_of(message_id: str, kind: str = "bounce") -> bytes:
    """A report as it is sent."""
    return json.dumps({"message_id": f"<{message_id.strip('<>')}>", "kind": kind}).encode()


@pytest.fixture
def provider(world: World) -> Provider:
    """The one whose key the stack has."""
    return Provider(world)


async def banners(insured: Insured) -> list[str]:
    """What stands above the home page."""
    return [each["id"] for each in (await insured.home())["banners"]["banners"]]


def shows(insured: Insured, *wanted: str) -> Callable[[], Awaitable[bool]]:
    """Whether exactly this stands there."""

    async def shown() -> bool:
        return await banners(insured) == list(wanted)

    return shown


async def message_id(insured: Insured, subject: str) -> str:
    """That of the newest mail with this subject."""
    await seen(told(insured, subject), f"the mail “{subject}”")
    mails = await insured.mailbox.mails(insured.email)
    return next(str(mail["MessageID"]) for mail in mails if mail["Subject"] == subject)


async def forgotten(insured: Insured, settled: Settled) -> Any:
    """The answer to “code oublié” on a device."""
    asked = {"nir": settled.person.nir, "birth_date": settled.person.birth_date}
    return (await insured.call("POST", "/code-resets", asked)).expect(202).body


@pytest.fixture(scope="module")
async def owner(world: World) -> AsyncIterator[Settled]:
    """Somebody with an account, in the browser of every day."""
    person = somebody()
    await import_register(world.data, [person.line()])
    async with device(world, address()) as browser:
        settled = await settle_in(person, browser)
        await settled.log_in()
        yield settled


async def test_what_the_provider_did_not_sign_just_now_changes_nothing(owner: Settled, provider: Provider) -> None:
    chosen = await message_id(owner.device, CHOSEN)
    body = report_of(chosen)
    for signature in (
        f"t={int(now().timestamp())},v1={'0' * 64}",
        provider.signed(body, age=400),
        provider.signed(report_of(chosen, "delay")),
    ):
        assert await provider.send(body, signature) == 401
    large = b'{"message_id": "' + b"x" * 70_000 + b'"}'
    assert await provider.send(large, provider.signed(large)) == 413
    assert await provider.report(f"{uuid4()}@exemple.invalid") == 204
    assert await provider.report(chosen, "delay") == 204
    kinds = [each["type"] for each in await provider.world.events(owner.person.person_id)]
    assert "notifications.EmailSent.v1" in kinds
    assert "notifications.EmailFailed.v1" not in kinds


async def test_whose_mail_comes_back_is_sent_to_the_own_caisse_until_a_mail_is_read_again(
    world: World, owner: Settled, provider: Provider
) -> None:
    browser, person = owner.device, owner.person
    async with device(world, address()) as stranger:
        neutral = await forgotten(stranger, owner)
        assert (neutral["caisse"], await banners(browser)) == (None, [])

        chosen = await message_id(browser, CHOSEN)
        assert [await provider.report(chosen) for _ in range(2)] == [204, 204]
        await seen(shows(browser, "email-dead"), "the home page to say that no mail arrives")
        me = await profile(browser)
        assert me["email_dead_since"] is not None
        assert "caisse" in me["email_advice"]

        assert await forgotten(stranger, owner) == neutral
        await browser.provisional_code(count=3)
        mine = await forgotten(browser, owner)
        assert (mine["caisse"], mine.keys()) == (person.caisse, neutral.keys())
        assert "Contactez votre caisse" in mine["message"]

    code = await browser.provisional_code(count=4)
    (await browser.first_code(person.nir, code)).expect(200)
    await browser.choose_code(own_code())
    assert (await profile(browser))["email_dead_since"] is None
    await seen(shows(browser), "the home page to forget it")
    kinds = [each["type"] for each in await world.events(person.person_id)]
    assert kinds.count("notifications.EmailFailed.v1") == 1
    assert kinds.count("identity.EmailFoundDead.v1") == 1
    assert keys_of(world.data).mail_report_key not in world.logs()
