"""A browser that leaves for FranceConnect and comes back."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.people import subject
from deploy.embedded import idp
from tests.integration.identity.device import Client, claims_of
from tests.unit.identity.franceconnect_world import World, brought

HERS = subject("P1")


@dataclass
class Browser:
    """Somebody's browser: it leaves with a ticket, and comes back with what FranceConnect gave it."""

    client: Client
    world: World
    ticket: str = ""
    back: dict[str, str] = field(default_factory=dict)

    async def leave(self, sub: str = HERS, client_id: str = "web", **more: str) -> None:
        answer = await self.client.call("POST", "/franceconnect/authorizations", {"client_id": client_id, **more})
        assert answer.status_code == 200
        assert answer.json()["expires_in"] == 600
        self.ticket = answer.json()["ticket"]
        self.back = brought(await idp.sign_in(self.world.http, answer.json()["url"], sub))

    async def come_back(self, **but: str | None) -> httpx.Response:
        body = {"state": self.back["state"], "code": self.back.get("code"), "ticket": self.ticket, **but}
        sent = {name: value for name, value in body.items() if value is not None}
        return await self.client.call("POST", "/franceconnect/callbacks", sent)

    async def log_in(self, sub: str = HERS) -> dict[str, Any]:
        await self.leave(sub)
        answer = await self.come_back()
        assert answer.status_code == 200
        outcome: dict[str, Any] = answer.json()
        return outcome

    def take(self, session: dict[str, Any]) -> None:
        """Go on with this session."""
        self.client.session = session
        self.client.person = UUID(str(claims_of(session["access_token"], self.client.app)["sub"]))
