"""Who calls: short tokens of the gateway for one service, verified by that service alone."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from chassis.clock import now
from contracts.problems import Unauthenticated

ALGORITHM = "Ed25519"
# A session that was ended goes on in a service for as long as a token that was made before, and is refused after 5 s.
LIFE, CLOCKS_DIFFER = 3, 2
LARGEST = 4096
HEADER = {"alg", "typ", "kid"}


@dataclass(frozen=True)
class Caller:
    """For whom a service acts. `person_id` and `session_id` are absent before a log-in."""

    channel: str
    person_id: UUID | None = None
    session_id: UUID | None = None


class InvalidToken(Exception):
    """The token is not what it should be; never says in what way."""


class TokenVerifier:
    """Verifies signed tokens of one issuer for one audience against pinned public keys. `leeway`: seconds."""

    def __init__(self, jwks: str, *, issuer: str, audience: str, kind: str, leeway: int = 5) -> None:
        self._keys = KeySet.import_key_set(json.loads(jwks))
        self._kind = kind
        self._claims = jwt.JWTClaimsRegistry(
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
        )

    def verify(self, token: str) -> dict[str, object]:
        """The claims of a fresh token of ours. Raises InvalidToken."""
        if len(token) > LARGEST:
            raise InvalidToken
        try:
            read = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
            self._claims.validate(read.claims)
        except (JoseError, ValueError, TypeError):
            raise InvalidToken from None
        # Nothing else that a header could say (crit, b64, jku, jwk…) is ever needed, so nothing of it is weighed.
        if read.header.keys() != HEADER or read.header["typ"] != self._kind:
            raise InvalidToken
        return dict(read.claims)


class TokenSigner:
    """Signs tokens with one private key (Ed25519)."""

    def __init__(self, key: str, *, issuer: str, kind: str) -> None:
        self._key = OKPKey.import_key(json.loads(key))
        self._issuer = issuer
        self._kind = kind

    def sign(self, claims: dict[str, object], *, audience: str, life: int, issued_at: datetime | None = None) -> str:
        """A token for `audience` that lives `life` seconds, from now on or from `issued_at`."""
        issued = int((issued_at or now()).timestamp())
        return jwt.encode(
            {"alg": ALGORITHM, "typ": self._kind, "kid": self._key.kid},
            {"iss": self._issuer, "aud": audience, "iat": issued, "exp": issued + life, **claims},
            self._key,
            algorithms=[ALGORITHM],
        )

    def public_jwks(self) -> str:
        """The public half, as verifiers are given it."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})


INTERNAL = "internal+jwt"


def internal_verifier(jwks: str, service: str) -> TokenVerifier:
    """What a service checks its callers with."""
    return TokenVerifier(jwks, issuer="gateway", audience=service, kind=INTERNAL, leeway=CLOCKS_DIFFER)


def internal_signer(key: str) -> TokenSigner:
    """What the gateway calls services with."""
    return TokenSigner(key, issuer="gateway", kind=INTERNAL)


def internal_claims(caller: Caller) -> dict[str, object]:
    """A caller as claims of an internal token."""
    claims: dict[str, object] = {"channel": caller.channel}
    if caller.person_id:
        claims["sub"] = str(caller.person_id)
    if caller.session_id:
        claims["sid"] = str(caller.session_id)
    return claims


def current_caller(request: Request) -> Caller:
    """Whoever the gateway says is calling. Raises Unauthenticated without its fresh token for this service."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    verifier: TokenVerifier = request.app.state.service.internal
    try:
        claims = verifier.verify(token) if scheme.lower() == "bearer" else {}
        channel = str(claims["channel"])
    except (InvalidToken, KeyError):
        raise Unauthenticated from None
    person, session = claims.get("sub"), claims.get("sid")
    return Caller(channel, UUID(str(person)) if person else None, UUID(str(session)) if session else None)


CurrentCaller = Annotated[Caller, Depends(current_caller)]


@dataclass(frozen=True)
class Person:
    """The insured person who is logged in, and how."""

    id: UUID
    session_id: UUID
    channel: str


def current_person(caller: CurrentCaller) -> Person:
    """The person whose session this is. Raises Unauthenticated before a log-in."""
    if caller.person_id is None or caller.session_id is None:
        raise Unauthenticated
    return Person(caller.person_id, caller.session_id, caller.channel)


CurrentPerson = Annotated[Person, Depends(current_person)]
