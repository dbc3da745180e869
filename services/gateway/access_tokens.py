"""Access tokens, verified here against identity's public keys; a session that is over is refused within 1 s."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.auth import InvalidToken, TokenVerifier
from chassis.work import Work
from contracts.channel import Channel
from contracts.problems import Unauthenticated, Unavailable
from services.gateway.domain.sessions import Session
from services.gateway.handlers import sessions as handlers

ISSUER, AUDIENCE = "identity", "compte"
ACCESS, DEVICE = "at+jwt", "device+jwt"
REFETCH_SECONDS = 10.0
FOLLOW_SECONDS = 0.3  # and the 0.2 s between two runs of a task
REMEMBERED = 50_000


class AccessTokens:
    """Reads access tokens. Its keys outlive a restart; identity is asked only for a key it has not seen."""

    def __init__(
        self,
        work: Work[Any],
        fetch: Callable[[], Awaitable[str]],
        *,
        now: Callable[[], datetime] = clock.now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._fetch = fetch
        self._now = now
        self._monotonic = monotonic
        self._verifiers: Mapping[str, TokenVerifier] = {}
        self._kids: frozenset[str] = frozenset()
        self._asked_at = -REFETCH_SECONDS
        self._asking = asyncio.Lock()
        self._read: dict[bytes, Session] = {}
        self._revoked: frozenset[UUID] = frozenset()
        self._forgotten: dict[UUID, datetime] = {}

    async def read(self, token: str) -> Session:
        """The session of a valid access token. Raises Unauthenticated, or Unavailable while no key is known."""
        name = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        session = self._read.get(name)
        if session is None:
            session = _session(await self._verified(token, ACCESS))
            self._remember(name, session)
        over = session.session_id in self._revoked or session.session_id in self._forgotten
        if over or session.expires_at <= self._now():
            raise Unauthenticated
        return session

    async def read_device(self, token: str) -> UUID | None:
        """The device that a token of identity names; None when the token is not genuine, or while no key is known."""
        try:
            return UUID(str((await self._verified(token, DEVICE))["dev"]))
        except (Unauthenticated, Unavailable, KeyError, ValueError):
            return None

    async def follow_revoked(self, work: Work[Any]) -> None:
        """Learn which sessions are over; repeated, so that every replica refuses them within 1 s."""
        self._revoked = frozenset(await work.read(handlers.recently_revoked, self._now()))
        await asyncio.sleep(FOLLOW_SECONDS)

    def forget(self, session_id: UUID) -> None:
        """Refuse a session at once in this process, until none of its tokens can be valid any more.

        The others learn it from identity's event.
        """
        now = self._now()
        still = {each: at for each, at in self._forgotten.items() if at > now - handlers.REVOCATIONS_MATTER}
        self._forgotten = {**still, session_id: now}

    async def _verified(self, token: str, kind: str) -> dict[str, object]:
        """The claims of a token of this kind. Raises Unauthenticated, or Unavailable while no key is known."""
        if not self._verifiers or _kid(token) not in self._kids:
            await self._learn_keys(_kid(token))
        if not self._verifiers:
            raise Unavailable
        try:
            return self._verifiers[kind].verify(token)
        except InvalidToken:
            raise Unauthenticated from None

    async def _learn_keys(self, kid: str) -> None:
        """Take the kept keys, then ask identity for one that is not among them, at most once in 10 s."""
        async with self._asking:
            if not self._verifiers:
                self._use(await self._work.read(handlers.kept_keys, None))
            if kid in self._kids or self._monotonic() - self._asked_at < REFETCH_SECONDS:
                return
            self._asked_at = self._monotonic()
            try:
                jwks = await self._fetch()
            except Unavailable:
                return
            self._use(jwks)
            await self._work(handlers.keep_keys, jwks)

    def _use(self, jwks: str | None) -> None:
        if jwks is not None:
            self._verifiers = {
                kind: TokenVerifier(jwks, issuer=ISSUER, audience=AUDIENCE, kind=kind) for kind in (ACCESS, DEVICE)
            }
            self._kids = frozenset(str(key.get("kid")) for key in json.loads(jwks)["keys"])

    def _remember(self, name: bytes, session: Session) -> None:
        if len(self._read) >= REMEMBERED:
            now = self._now()
            self._read = {each: held for each, held in self._read.items() if held.expires_at > now}
        if len(self._read) >= REMEMBERED:
            self._read.clear()
        self._read[name] = session


def _session(claims: dict[str, object]) -> Session:
    try:
        return Session(
            UUID(str(claims["sub"])),
            UUID(str(claims["sid"])),
            Channel(str(claims["channel"])),
            str(claims["scope"]),
            datetime.fromtimestamp(float(str(claims["exp"])), UTC),
        )
    except (KeyError, ValueError):
        raise Unauthenticated from None


def _kid(token: str) -> str:
    """The key that a token says it was signed with; nothing of it is believed yet."""
    head = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        return str(header["kid"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
