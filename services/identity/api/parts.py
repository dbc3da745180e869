"""What identity's routes need beside the unit of work: hashing, tokens, sealing, and an even pace."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Request

from chassis.ids import jitter
from chassis.routes import Now
from chassis.web import language
from contracts.problems import Text, Unavailable
from contracts.sealed import Sealed
from services.identity.api.fields import FORM_OF_CODES
from services.identity.domain.access_code import AccessCode, IssuedCode
from services.identity.domain.code_forms import form_of_typed
from services.identity.domain.device import Shown
from services.identity.domain.freezing import FreezeLink
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import Parameters
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


class SignedToken(Protocol):
    """An access token, or what a known device shows."""

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

    def access(self, session: Session) -> SignedToken:
        """A signed access token."""
        ...

    def device(self, session: Session) -> SignedToken | None:
        """What the device shows at the next log-in, if it is known since this one."""
        ...

    def visit(self, client: Client, device_token: str | None) -> Visit:
        """With what somebody comes to log in."""
        ...

    def shown(self, device_token: str | None) -> Shown | None:
        """The device that a token names, if it is one of ours."""
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

    def waiting(self, request_key: str | None, nir: str) -> UUID | None:
        """Names a request for a code on this number, to whoever made it under this key; None without one."""
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


class Places:
    """Few log-ins are worked on at once and few wait; one more would be answered too late to help anybody."""

    def __init__(self, at_once: int = 4, waiting: int = 46) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._free = at_once + waiting

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Have one for as long as the block runs, after those who came before. Raises Unavailable."""
        if not self._free:
            raise Unavailable
        self._free -= 1
        try:
            async with self._places:
                yield
        finally:
            self._free += 1


@dataclass(frozen=True)
class Parts:
    """Set by main.py as `app.state.parts`. `seal(value, service)` closes a value to one service."""

    codes: Codes
    tokens: Tokens
    seal: Callable[[str, str], Sealed]
    freezes: Freezes
    spraying: Spraying
    rules: Parameters
    neutral_answer_time: timedelta
    places: Places = field(default_factory=Places)


def parts(request: Request) -> Parts:
    """The parts that this application was composed with."""
    found: Parts = request.app.state.parts
    return found


def sentences(request: Request) -> Callable[[Text], str]:
    """Says a text in the language the reader asks for."""
    reader = language(request.scope["headers"])
    return lambda text: text.in_language(reader)


CurrentParts = Annotated[Parts, Depends(parts)]


async def codes_of_today(current: CurrentParts, now: Now) -> None:
    """Let the fields of this request read codes as the parameters of today say; a body is read after this."""
    FORM_OF_CODES.set(form_of_typed(current.rules, now))


Say = Annotated[Callable[[Text], str], Depends(sentences)]


async def _next_pace(current: Parts, started: float, paces: int = 1) -> None:
    """Wait until a whole number of so many paces has passed, so that an answer that took longer tells little more.

    And a moment longer, never the same: what an answer sets in motion keeps the machine busy when it leaves, and a
    number can be asked about too seldom to find that out as an average.
    """
    if pace := current.neutral_answer_time.total_seconds():
        step = paces * pace
        await asyncio.sleep(step - (_clock() - started) % step + jitter(0.4 * pace))


def _clock() -> float:
    return asyncio.get_running_loop().time()


async def _evenly(current: CurrentParts) -> AsyncIterator[None]:
    started = _clock()
    try:
        yield
    finally:
        await _next_pace(current, started)


async def _evenly_with_a_code(current: CurrentParts) -> AsyncIterator[None]:
    started = _clock()
    try:
        yield
    finally:
        await _next_pace(current, started, paces=2)


async def _evenly_once_judged(current: CurrentParts) -> AsyncIterator[None]:
    started, judged = _clock(), True
    try:
        async with current.places.taken():
            yield
    except TooManyAttempts:
        judged = False
        raise
    finally:
        if judged:
            await _next_pace(current, started)


# A route that answers alike whatever happened must not tell by its time either (reliability A3).
EVEN_PACE = Depends(_evenly, scope="function")
# The same where the current code is compared first, which takes about a pace.
EVEN_PACE_WITH_A_CODE = Depends(_evenly_with_a_code, scope="function")
# The same for log-ins, save that whoever tries too often is refused at once, so that a flood costs little: that
# depends on what was tried on the number, never on whether it has an account.
EVEN_PACE_ONCE_JUDGED = Depends(_evenly_once_judged, scope="function")
