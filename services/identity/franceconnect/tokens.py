"""Whether a token is FranceConnect's, for us, now, and of this log-in (reliability A5, A8)."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jws, jwt
from joserfc.errors import ClaimError, JoseError

from services.identity.domain.franceconnect import FranceConnectRefused, Reason
from services.identity.franceconnect.provider import Key
from services.identity.franceconnect.registration import Registration

ALGORITHMS = ("ES256", "RS256")
# Nothing in a header may bring its own key or change how the token is read.
HEADER = frozenset({"alg", "kid", "typ"})
LONGEST = 8192
LONGEST_SUBJECT = 255
LEEWAY = 30
_BROKEN = (JoseError, ValueError, TypeError, RecursionError)
_REASONS = {
    "iss": Reason.ISSUER,
    "aud": Reason.AUDIENCE,
    "exp": Reason.TIME,
    "iat": Reason.TIME,
    "nbf": Reason.TIME,
    "sub": Reason.SUBJECT,
}
Claims = dict[str, Any]


class Tokens:
    """Verifies what FranceConnect signs. Every refusal is a FranceConnectRefused with its reason."""

    def __init__(
        self,
        registration: Registration,
        key: Callable[[str], Awaitable[Key | None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._registration = registration
        self._key = key
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": registration.issuer},
            aud={"essential": True, "value": registration.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    async def id_token(self, token: str, *, nonce: str, access_token: str) -> Claims:
        """The claims of an ID token that answers this log-in and came with this access token."""
        algorithm, claims = await self._verified(token)
        if not _same(claims.get("nonce"), nonce):
            raise FranceConnectRefused(Reason.NONCE)
        if not self._registration.accepts(claims.get("acr")):
            raise FranceConnectRefused(Reason.LEVEL)
        if not _same(claims.get("at_hash"), create_half_hash(access_token, algorithm).decode()):
            raise FranceConnectRefused(Reason.AT_HASH)
        return claims

    async def userinfo(self, token: str, *, sub: str) -> Claims:
        """The claims about this person."""
        _, claims = await self._verified(token)
        if not _same(claims["sub"], sub):
            raise FranceConnectRefused(Reason.SUBJECT)
        return claims

    async def _verified(self, token: str) -> tuple[str, Claims]:
        algorithm, kid = _header(token)
        key = await self._key(kid)
        if key is None:
            raise FranceConnectRefused(Reason.KEY)
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except _BROKEN:
            raise FranceConnectRefused(Reason.SIGNATURE) from None
        self._check(claims)
        return algorithm, claims

    def _check(self, claims: Claims) -> None:
        try:
            self._claims.validate(claims)
        except ClaimError as wrong:
            reason = _REASONS.get(wrong.claim.partition(",")[0], Reason.MALFORMED)
            raise FranceConnectRefused(reason) from None
        ours = self._registration.client_id
        if claims["aud"] not in (ours, [ours]) or claims.get("azp", ours) != ours:
            raise FranceConnectRefused(Reason.AUDIENCE)
        if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
            raise FranceConnectRefused(Reason.SUBJECT)


def _header(token: str) -> tuple[str, str]:
    if len(token) > LONGEST:
        raise FranceConnectRefused(Reason.TOO_LONG)
    try:
        header = jws.extract_compact(token.encode()).headers()
    except _BROKEN:
        raise FranceConnectRefused(Reason.MALFORMED) from None
    if not HEADER.issuperset(header):
        raise FranceConnectRefused(Reason.HEADER)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise FranceConnectRefused(Reason.ALGORITHM)
    if not isinstance(kid, str):
        raise FranceConnectRefused(Reason.KEY)
    return str(algorithm), kid


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())
