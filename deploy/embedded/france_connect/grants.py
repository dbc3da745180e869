"""Codes that live 30 s and work once, and the access tokens they buy, which live 60 s."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

CODE_LIVES, TOKEN_LIVES = 30, 60


@dataclass(frozen=True)
class Client:
    """A registered service provider."""

    id: str
    secret: str

    def is_it(self, client_id: str, secret: str) -> bool:
        """Whether these are its credentials."""
        return hmac.compare_digest(f"{client_id}:{secret}".encode(), f"{self.id}:{self.secret}".encode())


@dataclass(frozen=True)
class Grant:
    """What a person agreed to when they signed in."""

    sub: str
    redirect_uri: str
    challenge: str
    nonce: str
    acr: str
    scope: str
    idp: str

    def holds_for(self, redirect_uri: str, verifier: str) -> bool:
        """Whether whoever brings the code is whoever asked for it."""
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
        return self.redirect_uri == redirect_uri and hmac.compare_digest(digest, self.challenge.encode())


class Grants:
    """What was granted and is not yet over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, tuple[Grant, float]] = {}
        self._spent: dict[str, str] = {}
        self._tokens: dict[str, tuple[Grant, float]] = {}

    def code(self, grant: Grant) -> str:
        """A fresh code for this grant."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = grant, self._clock() + CODE_LIVES
        return code

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> tuple[Grant, str] | None:
        """The grant and its access token; nothing for a code that is wrong, late or spent.

        A code that comes twice takes back what it bought.
        """
        if code in self._spent:
            self._tokens.pop(self._spent[code], None)
        grant, ends = self._codes.pop(code, (None, 0.0))
        if grant is None or self._clock() >= ends or not grant.holds_for(redirect_uri, verifier):
            return None
        token = secrets.token_urlsafe(32)
        self._spent[code] = token
        self._tokens[token] = grant, self._clock() + TOKEN_LIVES
        return grant, token

    def of(self, token: str) -> Grant | None:
        """What this access token stands for, while it lives."""
        grant, ends = self._tokens.get(token, (None, 0.0))
        return grant if self._clock() < ends else None
