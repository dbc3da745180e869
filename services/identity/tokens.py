"""Signs access tokens, and draws the opaque tokens that renew them."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.auth import TokenSigner
from chassis.ids import new_id, new_token
from services.identity.domain.session import Session

ISSUER, AUDIENCE, KIND = "identity", "compte", "at+jwt"


@dataclass(frozen=True)
class Renewal:
    """A refresh token: itself for the device, its hash for us."""

    token: str = field(repr=False)
    hash: str = field(repr=False)


class Tokens:
    """The tokens of sessions."""

    def __init__(self, signing_key: str, secret: bytes, life: timedelta) -> None:
        self._secret = secret
        self._signer = TokenSigner(signing_key, issuer=ISSUER, kind=KIND)
        self.life = life

    def access(self, session: Session) -> str:
        """A signed token that says whose session this is and what it may do; verified by anybody who has the JWKS."""
        claims: dict[str, object] = {
            "sub": str(session.person_id),
            "sid": str(session.id),
            "channel": session.client.channel.value,
            "scope": session.scope.value,
            "acr": session.acr,
        }
        return self._signer.sign(claims, audience=AUDIENCE, life=int(self.life.total_seconds()))

    def draw(self) -> Renewal:
        """A new refresh token. It is 256 random bits, so a plain hash of it gives nothing away."""
        return self._renewal(new_token())

    def following(self, token: str, request_key: str | None) -> Renewal:
        """The refresh token that follows this one: always the same for the same request, drawn without a key."""
        if request_key is None:
            return self.draw()
        derived = hmac.new(self._secret, f"refresh:{request_key}:{token}".encode(), hashlib.sha256).digest()
        return self._renewal(base64.urlsafe_b64encode(derived).decode().rstrip("="))

    def session_id(self, request_key: str | None) -> UUID:
        """The id of the session that a log-in opens: always the same for the same request, new without a key."""
        if request_key is None:
            return new_id()
        derived = hmac.new(self._secret, f"log-in:{request_key}".encode(), hashlib.sha256).digest()
        return UUID(bytes=derived[:16], version=5)

    def hash(self, token: str) -> str:
        """What is stored of a refresh token."""
        return hashlib.sha256(token.encode()).hexdigest()

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        keys: dict[str, Any] = json.loads(self._signer.public_jwks())
        return keys

    def _renewal(self, token: str) -> Renewal:
        return Renewal(token, self.hash(token))
