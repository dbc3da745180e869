"""Reads the links “ce n'est pas moi” that notifications signs into security mails."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.auth import InvalidToken, TokenVerifier
from services.identity.domain.freezing import EXPIRED, FreezeLink
from services.identity.domain.links import LinkExpired

ISSUER, AUDIENCE, KIND = "notifications", "identity", "not-me+jwt"


class Freezes:
    """The links, verified against the public keys of notifications."""

    def __init__(self, jwks: str) -> None:
        self._verifier = TokenVerifier(jwks, issuer=ISSUER, audience=AUDIENCE, kind=KIND)

    def read(self, token: str) -> FreezeLink:
        """What a link says. Raises LinkExpired for one that notifications did not sign, or too long ago."""
        try:
            claims = self._verifier.verify(token)
            issued_at = datetime.fromtimestamp(int(str(claims["iat"])), UTC)
            link = FreezeLink(str(claims["jti"]), UUID(str(claims["sub"])), issued_at)
        except (InvalidToken, KeyError, ValueError):
            raise LinkExpired(EXPIRED) from None
        return link
