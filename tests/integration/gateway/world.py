"""A gateway as main.py composes it, on a real database, with stub services behind it."""

import json
import runpy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from chassis.inbox import Inbox, Outcome, Record
from chassis.work import Work
from contracts.envelope import Envelope, encode
from contracts.event import Event
from services.gateway.access_tokens import AccessTokens
from services.gateway.consumers import consumers
from services.gateway.store import INDEXES
from services.gateway.upstream import Upstream
from tests import infra
from tests.integration.gateway.stub import Behind, behind
from tests.unit.gateway.builders import NOW, source_of

SITE = "https://compte.exemple.invalid"


@dataclass
class World:
    """The gateway, its clients and what stands behind it."""

    app: FastAPI
    main: dict[str, Any]
    services: Behind
    environment: dict[str, str]

    @property
    def work(self) -> Work[Any]:
        """The gateway's unit of work."""
        work: Work[Any] = self.app.state.work
        return work

    @property
    def tokens(self) -> AccessTokens:
        """What verifies access tokens."""
        tokens: AccessTokens = self.main["tokens"]
        return tokens

    def browser(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A page of ours, with Lucie's session or the given one; an empty token is nobody's."""
        client = self.client(**{"origin": SITE, "sec-fetch-site": "same-origin", **headers})
        session = self.services.token() if token is None else token
        if session:
            client.cookies.set("__Host-access", session)
        return client

    def phone(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """The application, with Lucie's session or the given one."""
        session = self.services.token(channel="app") if token is None else token
        return self.client(authorization=f"Bearer {session}", **headers)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Anybody."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers)

    async def hear(self, event: Event, sequence: int, *, time: datetime = NOW) -> Outcome:
        """Let an event arrive from the broker."""
        envelope = an_envelope(event, sequence, time=time)
        inbox = Inbox(consumers, self.work, self.main["store"], self.app.state.service.cipher)
        return await inbox.receive(Record(event.topic, 0, sequence, envelope.key, encode(envelope)))

    async def restarted(self) -> "World":
        """The same gateway in a new process that knows only its database."""
        return World(*_composed(self.environment), self.services, self.environment)

    async def close(self) -> None:
        """Close what this process holds."""
        upstream: Upstream = self.main["upstream"]
        await upstream.close()
        await self.app.state.service.database.close()


def an_envelope(event: Event, sequence: int, *, time: datetime = NOW) -> Envelope:
    """The event as its service publishes it."""
    return Envelope(
        id=str(uuid4()),
        type=event.type,
        source=f"/compte/{source_of(event)}",
        subject=str(event.person_id),
        key=str(event.person_id),
        time=time,
        data=event.model_dump(mode="json"),
        sequence=sequence,
    )


@asynccontextmanager
async def world(mongodb_url: str, **settings: str) -> AsyncIterator[World]:
    """A gateway on an empty database."""
    secrets = infra.secret_settings()["gateway"]
    async with behind(secrets["internal_jwks"]) as services:
        values = {
            **secrets,
            "port": str(infra.free_port()),
            "mongodb_url": mongodb_url,
            "database": f"gateway-{uuid4().hex[:12]}",
            "kafka_url": "127.0.0.1:1",
            "upstreams": json.dumps(services.upstreams()),
            "public_url": SITE,
            **settings,
        }
        environment = {f"GATEWAY_{name.upper()}": str(value) for name, value in values.items()}
        built = World(*_composed(environment), services, environment)
        await built.app.state.service.database.ensure_indexes(INDEXES)
        await built.app.state.service.cipher.prepare()
        try:
            yield built
        finally:
            await built.close()


def _composed(environment: dict[str, str]) -> tuple[FastAPI, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        main = runpy.run_module("services.gateway.main", run_name="gateway")
    return main["app"], main


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """The cookies that an answer sets: name to attributes."""
    pairs = (header.partition("=") for header in answer.headers.get_list("set-cookie"))
    return {name: rest for name, _, rest in pairs}
