"""FranceConnect in this process, and this service as its client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from chassis.ids import new_token
from deploy.demo.people import pivot_claims, subject
from deploy.embedded import idp
from deploy.embedded.france_connect.api import application
from deploy.embedded.france_connect.grants import Client
from deploy.embedded.france_connect.people import People
from deploy.embedded.france_connect.signing import Signer
from deploy.embedded.france_connect.state import FranceConnect as Provider
from services.identity.domain.franceconnect import Identified
from services.identity.franceconnect import FranceConnect, Registration

BACK, BYE = "http://127.0.0.1:8400/retour", "http://127.0.0.1:8400/fin"
DEADLINE = 2.0  # seconds; a busy machine takes its time
ENZO = subject("P8")


@dataclass
class Clock:
    """Moved by hand."""

    seconds: float = field(default_factory=lambda: datetime.now(UTC).timestamp())

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@dataclass
class World:
    """A provider, and this service as its client."""

    provider: Provider
    http: aiohttp.ClientSession
    clock: Clock
    service: FranceConnect
    closing: list[FranceConnect] = field(default_factory=list)

    def client(self, **but: object) -> FranceConnect:
        registration = {
            "issuer": self.provider.issuer,
            "client_id": "compte",
            "client_secret": SecretStr("secret-du-service"),
            "redirect_uri": BACK,
            "post_logout_redirect_uri": BYE,
            **but,
        }
        made = FranceConnect(
            Registration(**registration),  # type: ignore[arg-type]
            deadline=timedelta(seconds=DEADLINE),
            now=self.clock.now,
            monotonic=self.clock,
        )
        self.closing.append(made)
        return made

    async def code(self, verifier: str, nonce: str, sub: str = ENZO, **more: str) -> str:
        """What the browser of this person brings back."""
        address = await self.service.begin(new_token(), nonce, verifier, **more)
        return brought(await idp.sign_in(self.http, address, sub))["code"]

    async def log_in(self, sub: str = ENZO, **more: str) -> Identified:
        verifier, nonce = new_token(), new_token()
        return await self.service.finish(await self.code(verifier, nonce, sub, **more), verifier, nonce)


def brought(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    """A provider with the demo people, stopped at the end."""
    clock = Clock()
    provider = Provider("", Client("compte", "secret-du-service"), People(pivot_claims()), Signer(), clock)
    async with TestServer(application(provider)) as server, aiohttp.ClientSession() as http:
        provider.issuer = str(server.make_url("/")).rstrip("/")
        made = World(provider, http, clock, service=None)  # type: ignore[arg-type]
        made.service = made.client()
        yield made
        for each in made.closing:
            await each.close()
