"""Browsers that come in by FranceConnect one step at a time, so that each step can be tampered with."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp

from deploy.demo.people import RegisterLine
from deploy.demo.upstream import import_register
from deploy.embedded import idp
from tests.abuse.callers import Browser, Reply
from tests.settling import Settled, address, device, landed, settle_in, somebody
from tests.world import World

TICKET, LINK = "__Host-franceconnect", "__Host-franceconnect-link"
HOME, REFUSED, AWAY = "/accueil", "/connexion?franceconnect=refus", "/connexion?franceconnect=indisponible"
LOOPED = "/connexion?franceconnect=boucle"
LET_IN = {"__Host-access", "__Host-refresh", "__Host-device", LINK}


@dataclass
class Visitor:
    """A browser with whoever sits there as FranceConnect knows them. `brought` is what its redirect says."""

    world: World
    sub: str
    browser: Browser
    brought: dict[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls, world: World, sub: str) -> "Visitor":
        """Somebody at a browser that nothing is known of."""
        return cls(world, sub, Browser.at(world))

    @property
    def ticket(self) -> str:
        """What binds this browser to the log-in that it began."""
        return self.browser.cookies.get(TICKET, "")

    async def sign_in(self) -> "Visitor":
        """Leave, and be somebody at FranceConnect; all that is left is the way back."""
        left = await self.browser.send("GET", "/franceconnect/authorize")
        async with aiohttp.ClientSession() as http:
            address = await idp.sign_in(http, left.headers["location"], self.sub)
        self.brought = dict(parse_qsl(urlsplit(address).query))
        return self

    async def come_back(self, **but: str | None) -> Reply:
        """Follow the redirect, with `but` in place of what it says; None leaves a part out."""
        said = {name: value for name, value in {**self.brought, **but}.items() if value is not None}
        return await self.browser.send("GET", f"/franceconnect/callback?{urlencode(said)}")

    async def enter(self) -> Reply:
        """The whole way."""
        return await (await self.sign_in()).come_back()

    async def person_id(self) -> str:
        """Whose account the browser is in; nobody's without a session."""
        me = await self.browser.send("GET", "/me")
        return str(me.body["person_id"]) if me.status == 200 else ""


@dataclass(frozen=True)
class Cast:
    """`victim` has an account that FranceConnect opens, and `other` too; `owner` one of codes; `waiting` none yet."""

    victim: str
    other: str
    waiting: RegisterLine
    owner: Settled

    @property
    def mailbox(self) -> str:
        """The address that the owner shares with everybody at home."""
        return self.owner.device.email


@asynccontextmanager
async def cast_of(world: World) -> AsyncIterator[Cast]:
    """All of them, whom FranceConnect knows by their person ids and with one e-mail address."""
    people = [somebody() for _ in range(4)]
    await import_register(world.data, [person.line() for person in people])
    victim, other, waiting, owner = people
    async with device(world, address()) as browser:
        settled = await settle_in(owner, browser)
        told = [person.pivot(person.person_id, email=browser.email) for person in people]
        await idp.remember(world.data, world.stack.idp, *told)
        for person in (victim, other):
            assert landed((await Visitor.new(world, person.person_id).enter()).headers) == HOME
        yield Cast(victim.person_id, other.person_id, waiting, settled)


def opened(reply: Reply) -> bool:
    """Whether the way back ended with anything that lets somebody in, now or later."""
    given = {name for name, value in reply.cookies.items() if value}
    return bool(given & LET_IN) or reply.headers.get("location") not in {REFUSED, LOOPED, AWAY}


@asynccontextmanager
async def fault(world: World, name: str, seconds: float = 25.0) -> AsyncIterator[None]:
    """FranceConnect is wrong in this way."""
    async with aiohttp.ClientSession() as http:
        await idp.fault(http, world.stack.idp, name, seconds=seconds)
        try:
            yield
        finally:
            await idp.fault(http, world.stack.idp, None)


async def noted(world: World) -> dict[str, list[str]]:
    """What identity's log says of FranceConnect in each trace: the reasons of refusals, the causes of failures."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (await asyncio.to_thread(world.logs)).splitlines():
        if line.startswith("{") and '"franceconnect ' in line:
            entry = json.loads(line)
            found[entry["trace_id"]].append(entry.get("reason") or f"away: {entry['cause']}")
    return found
