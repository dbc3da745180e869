"""FranceConnect's addresses and keys, remembered; and the calls to it, bounded in size."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from chassis import telemetry

Key: TypeAlias = ECKey | RSAKey
Document: TypeAlias = Mapping[str, object]
LARGEST = 65_536
KEPT = 3600.0
BETWEEN_FETCHES = 10.0
_TOO_MANY, _FAILED, _OK = 429, 500, 200
_CHUNK = 8192


class Outage(Exception):
    """FranceConnect does not do its part. Says what, by one word."""


@dataclass(frozen=True)
class Reply:
    """An answer of FranceConnect that is not a failure of its own."""

    status: int
    kind: str
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == _OK

    def document(self) -> Document:
        """The JSON object of the body. Raises ValueError."""
        try:
            read = json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deep") from None
        if not isinstance(read, dict):
            raise ValueError("not an object")
        return read


@dataclass(frozen=True)
class Endpoints:
    """Where FranceConnect does what."""

    authorization: str
    token: str
    userinfo: str
    jwks: str
    end_session: str


class Provider:
    """FranceConnect behind its issuer address. Built without a connection; opens them at need."""

    def __init__(self, issuer: str, timeout: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._fetching = asyncio.Lock()
        self._endpoints: Endpoints | None = None
        self._endpoints_until = 0.0
        self._keys: dict[str, Key] = {}
        self._keys_until = 0.0
        self._next_fetch = 0.0

    async def endpoints(self) -> Endpoints:
        """The addresses of its discovery document, read once an hour. Raises Outage."""
        async with self._fetching:
            if self._endpoints is None or self._clock() >= self._endpoints_until:
                address = f"{self._issuer}/.well-known/openid-configuration"
                self._endpoints = _endpoints_of(await self._document(address), self._issuer)
                self._endpoints_until = self._clock() + KEPT
            return self._endpoints

    async def key(self, kid: str) -> Key | None:
        """Its public key of that name. A name never heard of makes the keys be read again, at most every 10 s.

        Raises Outage.
        """
        address = (await self.endpoints()).jwks
        async with self._fetching:
            known = kid in self._keys and self._clock() < self._keys_until
            if not known and self._clock() >= self._next_fetch:
                self._next_fetch = self._clock() + BETWEEN_FETCHES
                self._keys = _keys_of(await self._document(address))
                self._keys_until = self._clock() + KEPT
            if not self._keys:
                raise Outage("keys")
            return self._keys.get(kid)

    async def ask(
        self, method: str, url: str, *, form: Mapping[str, str] | None = None, bearer: str | None = None
    ) -> Reply:
        """Ask once. Raises Outage when there is no answer, or one that says that FranceConnect itself fails."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        named = {"http.request.method": method, "network.peer.name": "franceconnect"}
        try:
            with telemetry.span("call", f"franceconnect {method}", attributes=named) as current:
                sending = self._connections().request(method, url, data=form, headers=headers, allow_redirects=False)
                async with sending as response:
                    current.set_attribute("http.response.status_code", response.status)
                    reply = Reply(response.status, response.content_type, await _body(response))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Outage(type(error).__name__) from None
        if reply.status >= _FAILED or reply.status == _TOO_MANY:
            raise Outage(f"status-{reply.status}")
        return reply

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _document(self, url: str) -> Document:
        reply = await self.ask("GET", url)
        try:
            if not reply.ok:
                raise Outage(f"status-{reply.status}")
            return reply.document()
        except ValueError:
            raise Outage("document") from None

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout)
        return self._session


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST:
            raise ValueError("too large")
    return bytes(body)


def _endpoints_of(document: Document, issuer: str) -> Endpoints:
    if document.get("issuer") != issuer:
        raise Outage("issuer")
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint")
    addresses = [str(document.get(name)) for name in names]
    # A document that sends the client's secret or a person's token elsewhere is not followed.
    if any(_origin(address) != _origin(issuer) for address in addresses):
        raise Outage("origin")
    return Endpoints(*addresses)


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _keys_of(document: Document) -> dict[str, Key]:
    listed = document.get("keys")
    found = [_key_of(each) for each in listed] if isinstance(listed, list) else []
    return {key.kid: key for key in found if key is not None and key.kid}


def _key_of(jwk: object) -> Key | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    try:
        match jwk.get("kty"):
            case "EC":
                return ECKey.import_key(jwk)
            case "RSA":
                return RSAKey.import_key(jwk)
            case _:
                return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
