"""What identity's routes need beside the unit of work: hashing, tokens, sealing, and an even pace."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Request

from chassis.web import language
from contracts.problems import Text
from contracts.sealed import Sealed
from services.identity.domain.access_code import AccessCode, IssuedCode
from services.identity.domain.session import Session


class Codes(Protocol):
    """Draws, hashes and compares codes, outside any transaction."""

    async def issue(self, now: datetime) -> IssuedCode:
        """Draw a provisional code."""
        ...

    async def hash(self, code: AccessCode) -> str:
        """What is stored of a code."""
        ...

    async def matching(self, candidates: Sequence[str | None], code: AccessCode | None) -> str | None:
        """The candidate that is this code's hash."""
        ...


class Renewal(Protocol):
    """A refresh token and its hash."""

    @property
    def token(self) -> str:
        """For the device."""
        ...

    @property
    def hash(self) -> str:
        """For the store."""
        ...


class Tokens(Protocol):
    """Makes the tokens of sessions."""

    life: timedelta

    def access(self, session: Session) -> str:
        """A signed access token."""
        ...

    def draw(self) -> Renewal:
        """A new refresh token."""
        ...

    def following(self, token: str, request_key: str | None) -> Renewal:
        """The refresh token that follows this one; the same when the request is sent again."""
        ...

    def session_id(self, request_key: str | None) -> UUID:
        """The id of the session that a log-in opens; the same when the request is sent again."""
        ...

    def hash(self, token: str) -> str:
        """What is stored of a refresh token."""
        ...

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        ...


@dataclass(frozen=True)
class Parts:
    """Set by main.py as `app.state.parts`. `seal(value, service)` closes a value to one service."""

    codes: Codes
    tokens: Tokens
    seal: Callable[[str, str], Sealed]
    neutral_answer_time: timedelta


def parts(request: Request) -> Parts:
    """The parts that this application was composed with."""
    found: Parts = request.app.state.parts
    return found


def sentences(request: Request) -> Callable[[Text], str]:
    """Says a text in the language the reader asks for."""
    reader = language(request.scope["headers"])
    return lambda text: text.in_language(reader)


CurrentParts = Annotated[Parts, Depends(parts)]
Say = Annotated[Callable[[Text], str], Depends(sentences)]


async def _evenly(current: CurrentParts) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    answer_at = loop.time() + current.neutral_answer_time.total_seconds()
    try:
        yield
    finally:
        await asyncio.sleep(answer_at - loop.time())


# A route that answers alike whatever happened must not tell by its time either (reliability A3).
EVEN_PACE = Depends(_evenly, scope="function")
