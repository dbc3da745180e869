"""Signs the tokens of sessions and of known devices, and draws the opaque ones that renew or begin a session."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.auth import InvalidToken, TokenSigner, TokenVerifier
from chassis.ids import new_id, new_token
from services.identity.domain.device import Shown
from services.identity.domain.parameters import Parameters
from services.identity.domain.session import Client, Session
from services.identity.handlers.devices import Visit

ISSUER, AUDIENCE, KIND, DEVICE_KIND = "identity", "compte", "at+jwt", "device+jwt"


@dataclass(frozen=True)
class Opaque:
    """A token that says nothing: itself for the device, its hash for us."""

    token: str = field(repr=False)
    hash: str = field(repr=False)


@dataclass(frozen=True)
class SignedToken:
    """An access token, or what a known device shows at the next log-in; its life in seconds."""

    token: str = field(repr=False)
    expires_in: int


class Tokens:
    """The tokens of sessions and devices."""

    def __init__(
        self,
        signing_key: str,
        secret: bytes,
        life: timedelta,
        rules: Parameters,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._secret = secret
        self._rules = rules
        self._signer = TokenSigner(signing_key, issuer=ISSUER, kind=KIND)
        self._devices = TokenSigner(signing_key, issuer=ISSUER, kind=DEVICE_KIND)
        self._verifier = TokenVerifier(self._devices.public_jwks(), issuer=ISSUER, audience=AUDIENCE, kind=DEVICE_KIND)
        self._life = life
        self._now = now

    def access(self, session: Session) -> SignedToken:
        """A signed token that says whose session this is and what it may do; verified by anybody who has the JWKS.

        It never outlives the session.
        """
        claims: dict[str, object] = {
            "sub": str(session.person_id),
            "sid": str(session.id),
            "channel": session.client.channel.value,
            "scope": session.scope.value,
            "acr": session.acr,
        }
        life = int(min(self._life, session.expires_at - self._now()).total_seconds())
        return SignedToken(self._signer.sign(claims, audience=AUDIENCE, life=life), life)

    def device(self, session: Session) -> SignedToken | None:
        """A signed token that names the device, if the person is known there since this log-in.

        It names no person, and is worth nothing without the code of one who is known there. Whenever it is signed,
        it says since which log-in it is given; an old one is never made young again.
        """
        if session.device is None or not session.remembered:
            return None
        life = int(self._rules.minutes("device.remembered-minutes", session.opened_at).total_seconds())
        claims: dict[str, object] = {"dev": str(session.device), "since": int(session.opened_at.timestamp())}
        return SignedToken(self._devices.sign(claims, audience=AUDIENCE, life=life), life)

    def visit(self, client: Client, device_token: str | None) -> Visit:
        """With what somebody comes to log in. A token that we did not sign, or that is too old, counts for none."""
        return Visit(client, self.shown(device_token), new_id())

    def shown(self, device_token: str | None) -> Shown | None:
        """The device that a token names; None for one that we did not sign, or that is too old."""
        try:
            claims = self._verifier.verify(device_token or "")
            return Shown(UUID(str(claims["dev"])), datetime.fromtimestamp(int(str(claims["since"])), UTC))
        except (InvalidToken, KeyError, ValueError):
            return None

    def draw(self) -> Opaque:
        """A new refresh token. It is 256 random bits, so a plain hash of it gives nothing away."""
        return self._opaque(new_token())

    def following(self, token: str, request_key: str | None) -> Opaque:
        """The refresh token that follows this one: always the same for the same request, drawn without a key."""
        return self._same(f"refresh:{request_key}:{token}") if request_key else self.draw()

    def challenge(self, request_key: str | None, *typed: str) -> Opaque:
        """The id of the challenge that a log-in gets: always the same for the same request, drawn without a key.

        What was typed is part of it, so that nobody else's log-in under the same key has the same.
        """
        return self._same(":".join(("challenge", request_key, *typed))) if request_key else self.draw()

    def session_id(self, request_key: str | None) -> UUID:
        """The id of the session that a log-in opens: always the same for the same request, new without a key."""
        if request_key is None:
            return new_id()
        return UUID(bytes=self._derived(f"log-in:{request_key}")[:16], version=5)

    def waiting(self, request_key: str | None, nir: str) -> UUID | None:
        """Names a request for a code on this number, to whoever made it under this key; None without one."""
        return UUID(bytes=self._derived(f"waiting:{nir}:{request_key}")[:16], version=5) if request_key else None

    def hash(self, token: str) -> str:
        """What is stored of an opaque token."""
        return hashlib.sha256(token.encode()).hexdigest()

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        keys: dict[str, Any] = json.loads(self._signer.public_jwks())
        return keys

    def _same(self, request: str) -> Opaque:
        return self._opaque(base64.urlsafe_b64encode(self._derived(request)).decode().rstrip("="))

    def _derived(self, request: str) -> bytes:
        return hmac.new(self._secret, request.encode(), hashlib.sha256).digest()

    def _opaque(self, token: str) -> Opaque:
        return Opaque(token, self.hash(token))
