"""People of the abuse tests who have everything an account can have, and the ids of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from deploy.demo.client import seen
from deploy.demo.journey import own_code
from deploy.demo.people import RegisterLine, somebody_new
from tests.abuse.callers import Browser, Caller, Reply, nobody
from tests.authenticator import Authenticator
from tests.world import World

RENEW_SECONDS = 120.0  # an access token lives 300


@dataclass
class Resident:
    """A person with an account. `device` makes the device known where they log in; `ids` are theirs, by name."""

    world: World
    person: RegisterLine
    email: str
    code: str
    device: str
    token: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    renewed_at: float = field(default_factory=time.monotonic)
    passkey: Authenticator | None = None

    @property
    def phone(self) -> Caller:
        """The application, logged in."""
        return app(self.world, self.token)

    async def log_in(self, client_id: str = "android", **more: Any) -> dict[str, Any]:
        """A new session of the application, on the known device; its tokens."""
        await self.wait_a_while()
        said = {"nir": self.person.nir, "code": self.code, "client_id": client_id, "device_token": self.device, **more}
        reply = await insist(partial(nobody(self.world).send, "POST", "/sessions", said))
        assert reply.status == 200, (reply.status, reply.slug)
        tokens: dict[str, Any] = reply.body
        return tokens

    async def renewed(self) -> "Resident":
        """Themselves, with an access token that is good for minutes."""
        if time.monotonic() - self.renewed_at > RENEW_SECONDS:
            await self.settle_in()
        return self

    async def settle_in(self) -> None:
        """Two new sessions of the application: the one that they use, and another one that they have (`session_id`)."""
        first, second = await self.log_in(), await self.log_in()
        self.token, self.renewed_at = second["access_token"], time.monotonic()
        sessions = (await app(self.world, first["access_token"]).send("GET", "/sessions")).body["sessions"]
        self.ids["session_id"] = next(each["session_id"] for each in sessions if each["current"])

    async def browser(self) -> Browser:
        """A browser in which they are logged in."""
        await self.wait_a_while()
        opened = Browser.at(self.world, device=self.device)
        said = {"nir": self.person.nir, "code": self.code, "client_id": "web"}
        reply = await insist(partial(opened.send, "POST", "/sessions", said))
        assert reply.status == 200, (reply.status, reply.slug)
        return opened

    async def wait_a_while(self) -> None:
        """As if minutes had passed since whatever the gateway counts: a device logs in 20 times in five."""
        await asyncio.to_thread(self.world.database("gateway")["rates"].delete_many, {})

    async def challenge(self) -> dict[str, Any]:
        """What the right code gets on a device that is not known."""
        said = {"nir": self.person.nir, "code": self.code, "client_id": "android"}
        reply = await insist(partial(nobody(self.world).send, "POST", "/sessions", said))
        assert reply.status == 202, (reply.status, reply.slug)
        challenged: dict[str, Any] = reply.body
        return challenged

    async def write(self, method: str, path: str, sent: Any) -> Reply:
        """A write of the application, under a key of its own."""
        return await self.phone.send(method, path, sent, idempotency_key=str(uuid4()))


async def insist(call: Callable[[], Awaitable[Reply]]) -> Reply:
    """The first answer that is no 5xx: a machine under load may let a service be late."""

    async def answered() -> Reply | None:
        reply = await call()
        return reply if reply.status < 500 else None

    return await seen(answered, "an answer", within=30)


def app(world: World, token: str) -> Caller:
    """The application with this access token."""
    return nobody(world).api() if not token else Caller(nobody(world).url, {"authorization": f"Bearer {token}"})


async def account(world: World) -> Resident:
    """Somebody new with an account and an own code, logged in with the application."""
    person = somebody_new()
    async with world.insured(person, app=True) as insured:
        journey = world.journey(person, insured)
        journey.code = own_code()
        await journey.create()
        entered = await journey.first_log_in()
        await journey.choose_code()
        return Resident(world, person, insured.email, journey.code, entered.body["device_token"], insured.token)


async def resident(world: World) -> Resident:
    """Somebody with payments, a request, two sessions, a known device, a passkey and an open challenge."""
    found = await account(world)
    await world.settle(found.person)
    found.ids |= {"request_id": await _request(found), "passkey_id": await _passkey(found)}
    await found.settle_in()
    found.ids["payment_id"] = await seen(lambda: _payment(found), "a payment")
    devices = (await found.phone.send("GET", "/devices")).body["devices"]
    found.ids["device_id"] = devices[0]["device_id"]
    found.ids["challenge_id"] = (await found.challenge())["challenge_id"]
    return found


async def _request(found: Resident) -> str:
    async def ordered() -> Reply | None:
        reply = await found.write("POST", "/requests", {"kind": "vitale-card-order"})
        return reply if reply.status == 202 else None

    return str((await seen(ordered, "a request")).body["request_id"])


async def _payment(found: Resident) -> str | None:
    items = (await found.phone.send("GET", "/payments")).body["items"]
    return str(items[0]["payment_id"]) if items else None


async def _passkey(found: Resident) -> str:
    port = found.world.stack.gateway.rpartition(":")[2]
    found.passkey = Authenticator(f"http://localhost:{port}")
    options = await found.write("POST", "/me/passkeys/options", {"current_code": found.code})
    assert options.status == 200, options.slug
    credential = found.passkey.create(options.body["public_key"])
    made = {"ceremony_id": options.body["ceremony_id"], "credential": credential, "name": "Clé"}
    added = await found.write("POST", "/me/passkeys", made)
    assert added.status == 201, added.slug
    return str(added.body["passkey_id"])
