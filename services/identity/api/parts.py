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
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.nir import Nir
from services.identity.domain.session import Client, Session
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers.devices import Visit


class Codes(Protocol):
    """Draws, hashes and compares codes, outside any transaction."""

    async def issue(self, now: datetime) -> IssuedCode:
        """Draw a provisional code."""
        ...

    async def hash(self, code: AccessCode) -> str:
        """What is stored of a code."""
        ...

    async def second(self, now: datetime, *, needed: bool) -> IssuedCode | None:
        """Draw a second code, where one is needed."""
        ...

    async def rehashed(self, matched: str | None, code: AccessCode) -> str | None:
        """What to store of a code instead of the hash it matched, if that is out of date."""
        ...

    async def matching(self, candidates: Sequence[str | None], code: AccessCode | None) -> str | None:
        """The candidate that is this code's hash."""
        ...


class Opaque(Protocol):
    """A token that says nothing, and its hash."""

    @property
    def token(self) -> str:
        """For the device."""
        ...

    @property
    def hash(self) -> str:
        """For the store."""
        ...


class DeviceToken(Protocol):
    """What a known device shows."""

    @property
    def token(self) -> str:
        """For the device."""
        ...

    @property
    def expires_in(self) -> int:
        """Its life in seconds."""
        ...


class Tokens(Protocol):
    """Makes the tokens of sessions and devices."""

    life: timedelta

    def access(self, session: Session) -> str:
        """A signed access token."""
        ...

    def device(self, session: Session) -> DeviceToken | None:
        """What the device shows at the next log-in, if it is known since this one."""
        ...

    def visit(self, client: Client, device_token: str | None) -> Visit:
        """With what somebody comes to log in."""
        ...

    def draw(self) -> Opaque:
        """A new refresh token."""
        ...

    def following(self, token: str, request_key: str | None) -> Opaque:
        """The refresh token that follows this one; the same when the request is sent again."""
        ...

    def challenge(self, request_key: str | None, *typed: str) -> Opaque:
        """The id of the challenge that a log-in gets; the same when the request is sent again."""
        ...

    def session_id(self, request_key: str | None) -> UUID:
        """The id of the session that a log-in opens; the same when the request is sent again."""
        ...

    def hash(self, token: str) -> str:
        """What is stored of an opaque token."""
        ...

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        ...


class Spraying(Protocol):
    """Watches for one code that is tried on many numbers."""

    def watch(self, nir: Nir, code: AccessCode, now: datetime, *, refused: bool) -> None:
        """A code was judged."""
        ...


class Freezes(Protocol):
    """Reads the links “ce n'est pas moi”."""

    def read(self, token: str) -> FreezeLink:
        """What a link says."""
        ...


@dataclass(frozen=True)
class Parts:
    """Set by main.py as `app.state.parts`. `seal(value, service)` closes a value to one service."""

    codes: Codes
    tokens: Tokens
    seal: Callable[[str, str], Sealed]
    freezes: Freezes
    spraying: Spraying
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


def _answer_at(current: Parts) -> float:
    return asyncio.get_running_loop().time() + current.neutral_answer_time.total_seconds()


async def _until(instant: float) -> None:
    await asyncio.sleep(instant - asyncio.get_running_loop().time())


async def _evenly(current: CurrentParts) -> AsyncIterator[None]:
    answer_at = _answer_at(current)
    try:
        yield
    finally:
        await _until(answer_at)


async def _evenly_once_judged(current: CurrentParts) -> AsyncIterator[None]:
    answer_at = _answer_at(current)
    try:
        yield
    except TooManyAttempts:
        answer_at = 0.0
        raise
    finally:
        await _until(answer_at)


# A route that answers alike whatever happened must not tell by its time either (reliability A3).
EVEN_PACE = Depends(_evenly, scope="function")
# The same for log-ins, save that whoever tries too often is refused at once, so that a flood costs little: that
# depends on what was tried on the number, never on whether it has an account.
EVEN_PACE_ONCE_JUDGED = Depends(_evenly_once_judged, scope="function")
