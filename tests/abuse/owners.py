"""People whose accounts are attacked, and the devices that they log in on."""

import base64
import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from deploy.demo.client import Insured
from deploy.demo.journey import own_code
from deploy.demo.people import RegisterLine, somebody_new, with_key
from deploy.demo.upstream import import_register
from deploy.embedded.keys import keys_of
from tests.abuse.crowd import at_once
from tests.world import World, somewhere

# Those of deploy.demo.people end below 900.
_given: set[str] = set()


@dataclass(frozen=True)
class Owner:
    """A person with an account and an own code, logged in at a browser that is known."""

    person: RegisterLine
    browser: Insured
    code: str

    @property
    def nir(self) -> str:
        """What is typed with the code."""
        return self.person.nir


def people(count: int) -> list[RegisterLine]:
    """So many fictional persons, none of whom has a number that anybody else of this run has."""
    found: list[RegisterLine] = []
    while len(found) < count:
        person = somebody_new()
        nir = with_key(f"{person.nir[:10]}{random.randrange(900, 1000)}")
        if nir not in _given:
            _given.add(nir)
            found.append(replace(person, nir=nir))
    return found


@asynccontextmanager
async def owners(world: World, count: int) -> AsyncIterator[Sequence[Owner]]:
    """So many people with accounts, each in a network of their own."""
    persons = people(count)
    await import_register(world.data, [person.line() for person in persons])
    async with AsyncExitStack() as opened:
        browsers = [await opened.enter_async_context(device(world, email())) for _ in persons]
        yield await at_once([partial(_settle_in, *each) for each in zip(persons, browsers, strict=True)], most=4)


def email() -> str:
    """An address that nobody has."""
    return f"camille-{uuid4().hex[:12]}@exemple.invalid"


def device(world: World, address: str, *, app: bool = False) -> Insured:
    """A browser or an application that nobody is known on."""
    return Insured(world.stack.gateway, world.stack.mailbox, address, app=app, address=somewhere())


async def _settle_in(person: RegisterLine, browser: Insured) -> Owner:
    await browser.create_account(**person.form())
    (await browser.log_in(person.nir, await browser.provisional_code())).expect(200)
    owner = Owner(person, browser, own_code())
    await browser.choose_code(owner.code)
    return owner


def number_index(world: World, nir: str) -> str:
    """Under what identity keeps a number; computed with the stack's own key."""
    key = base64.b64decode(keys_of(world.data).services["identity"].index_key)
    return hmac.new(key, f"nir:{nir[:13]}".encode(), hashlib.sha256).hexdigest()
