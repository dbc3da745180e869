"""People of tests on a whole stack who have an account, and the devices that they use."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from deploy.demo.client import Answer, Insured, seen
from deploy.demo.journey import own_code
from deploy.demo.people import RegisterLine, somebody_new, with_key
from tests.authenticator import Authenticator
from tests.world import World, somewhere

FOUR_SERVICES = ("/home", "/me", "/payments", "/requests")


@dataclass
class Settled:
    """Somebody with an account and an own code, on the device of every day."""

    person: RegisterLine
    device: Insured
    code: str

    @property
    def typed(self) -> dict[str, str]:
        """What they type to log in."""
        return {"nir": self.person.nir, "code": self.code, "client_id": "android" if self.device.app else "web"}

    async def log_in(self) -> Answer:
        """A new session on that device, which is known."""
        return (await self.device.first_code(self.person.nir, self.code)).expect(200)

    async def log_in_at(self, other: Insured) -> Answer:
        """A session on another device, with the second code that comes by mail where one is asked for."""
        return (await other.log_in(self.person.nir, self.code)).expect(200)

    async def ask_for_code(self) -> str:
        """The provisional code that comes by the form for those who forgot theirs."""
        asked = {"nir": self.person.nir, "birth_date": self.person.birth_date}
        count = len(await self.device.mailbox.subjects(self.device.email))
        (await self.device.call("POST", "/code-resets", asked)).expect(202)

        async def came() -> bool:
            return len(await self.device.mailbox.subjects(self.device.email)) > count

        await seen(came, "a mail after the demand for a code")
        return await self.device.provisional_code(count=2)

    async def add_passkey(self, site: str) -> Authenticator:
        """A passkey of this device, which opens the account from now on."""
        passkey = Authenticator(site)
        proof = {"current_code": self.code}
        begun = (await self.device.call("POST", "/me/passkeys/options", proof)).expect(200).body
        made = {"ceremony_id": begun["ceremony_id"], "credential": passkey.create(begun["public_key"]), "name": "Clé"}
        (await self.device.call("POST", "/me/passkeys", made)).expect(201)
        return passkey


def somebody(*, provisional: bool = False) -> RegisterLine:
    """Somebody whose name nobody else has, so that FranceConnect means nobody else."""
    person = replace(somebody_new(), birth_last_name=uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop")))
    return replace(person, nir=with_key(f"7{person.nir[1:13]}")) if provisional else person


def landed(headers: Mapping[str, str]) -> str:
    """The page that a browser is sent to, without which write it is to wait for."""
    return headers["location"].partition("#")[0]


def address() -> str:
    """An address that nobody has."""
    return f"camille-{uuid4().hex[:12]}@exemple.invalid"


def device(world: World, email: str, *, app: bool = False) -> Insured:
    """A browser or an application that nobody is known on, in a network of its own."""
    return Insured(world.stack.gateway, world.stack.mailbox, email, app=app, address=somewhere())


async def settle_in(person: RegisterLine, device: Insured) -> Settled:
    """Create the account as the device's form does, and choose a code."""
    form = device.create_account_in_app(**person.card_form()) if device.app else device.create_account(**person.form())
    await form
    (await device.log_in(person.nir, await device.provisional_code())).expect(200)
    settled = Settled(person, device, own_code())
    await device.choose_code(settled.code)
    return settled


async def enter_with(passkey: Authenticator, device: Insured) -> Answer:
    """Log in with a passkey."""
    begun = (await device.call("POST", "/sessions/passkeys/options", {})).expect(200).body
    signed = passkey.get(begun["public_key"])
    kind = "android" if device.app else "web"
    said = {"ceremony_id": begun["ceremony_id"], "credential": signed, "client_id": kind}
    return await device.call("POST", "/sessions/passkeys", said)


async def refused_after(*devices: Insured) -> float:
    """For how many seconds a call that began was still answered by some service, in any of these sessions."""
    started = answered = time.monotonic()

    async def refused() -> bool:
        nonlocal answered
        begun = time.monotonic()
        calls = [device.call("GET", path) for device in devices for path in FOUR_SERVICES]
        if {answer.status for answer in await asyncio.gather(*calls)} == {401}:
            return True
        answered = begun
        return False

    await seen(refused, "the sessions to be over")
    return answered - started


async def profile(device: Insured) -> dict[str, Any]:
    """What the person sees of themselves."""
    shown: dict[str, Any] = (await device.call("GET", "/me")).expect(200).body
    return shown


def told(device: Insured, subject: str, to: str | None = None) -> Callable[[], Awaitable[bool]]:
    """Whether a mail with this subject has come."""

    async def came() -> bool:
        return subject in await device.mailbox.subjects(to or device.email)

    return came
