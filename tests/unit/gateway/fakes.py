"""The gateway's stores and services, in memory."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import SimpleNamespace
from uuid import UUID

from fastapi import FastAPI

from contracts.channel import Channel
from contracts.problems import Unavailable
from services.gateway.domain.calls import Answer, Call
from services.gateway.domain.code_forms import SHIPPED, CodeForms
from services.gateway.domain.home import Home
from services.gateway.domain.rendering import Caisse
from services.gateway.handlers.home import Pages


def with_code_forms(app: FastAPI, codes: CodeForms = SHIPPED) -> FastAPI:
    """An application that knows what codes are made of, as main.py composes it."""
    app.state.code_forms = SimpleNamespace(now=codes)
    return app


class FakeStore:
    """As MongoStore; the integration tests hold the two to the same scenarios."""

    def __init__(self) -> None:
        self.homes: dict[UUID, tuple[Home, Pages]] = {}
        self.revoked: dict[UUID, datetime] = {}
        self.jwks: str | None = None
        self.saves = 0

    async def home(self, person_id: UUID) -> Home | None:
        kept = self.homes.get(person_id)
        return kept[0] if kept else None

    async def save(self, home: Home, pages: Pages) -> None:
        self.homes[home.person_id] = (home, pages)
        self.saves += 1

    async def page(self, person_id: UUID, channel: Channel) -> bytes | None:
        kept = self.homes.get(person_id)
        return kept[1][channel] if kept else None

    async def page_and_seen(self, person_id: UUID, channel: Channel) -> tuple[bytes, Mapping[str, int]] | None:
        kept = self.homes.get(person_id)
        return (kept[1][channel], kept[0].seen) if kept else None

    def caisse(self, code: str) -> Caisse:
        return Caisse("CPAM du Finistère", "Brest", "36 46") if code == "29" else Caisse(None, None, "36 46")

    async def keep_revoked(self, session_ids: Collection[UUID], at: datetime) -> None:
        self.revoked.update(dict.fromkeys(session_ids, at))

    async def revoked_since(self, since: datetime) -> Collection[UUID]:
        return [session_id for session_id, at in self.revoked.items() if at >= since]

    async def keep_keys(self, jwks: str) -> None:
        self.jwks = jwks

    async def keys(self) -> str | None:
        return self.jwks


class FakeServices:
    """Answers each call as told, or is down."""

    def __init__(self, answer: Callable[[Call], Answer] | None = None) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    async def call(self, call: Call) -> Answer:
        self.calls.append(call)
        if self.answer is None:
            raise Unavailable
        return self.answer(call)
