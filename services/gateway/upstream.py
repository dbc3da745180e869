"""Calls to the services behind: bounded in time and number, in the caller's name, and never repeated."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import aiohttp
from aiohttp.hdrs import ACCEPT_ENCODING, AUTHORIZATION, USER_AGENT
from pydantic import ValidationError

from chassis import telemetry
from chassis.auth import LIFE, Caller, TokenSigner, internal_claims
from chassis.telemetry import log
from contracts.problems import Unavailable
from services.gateway.domain.breaker import Breaker
from services.gateway.domain.calls import OK, Answer, Call
from services.gateway.domain.code_forms import SHIPPED, CodeForms

NOBODY = Caller("anonymous")
KEPT_OPEN = 5  # seconds; a service closes an idle connection after 10
FORMS_KEPT, FORMS_MISSED = 60.0, 5.0  # seconds until they are asked for again, after an answer and without one
PASSED_BACK = ("content-type", "content-disposition", "retry-after", "x-read-after", "location")


class Upstream:
    """The services by name. Built without a connection; opens them at need."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        signer: TokenSigner,
        *,
        deadline: timedelta,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = addresses
        self._signer = signer
        self._timeout = aiohttp.ClientTimeout(total=deadline.total_seconds())
        self._limit = limit
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._under_way = dict.fromkeys(addresses, 0)
        self._breakers = dict.fromkeys(addresses, Breaker())

    async def call(self, call: Call) -> Answer:
        """Ask once. Raises Unavailable at once when too many wait for this service or it is known not to answer."""
        name = call.service
        attempt = self._breakers[name].try_at(self._clock())
        if attempt is None or self._under_way[name] >= self._limit:
            raise Unavailable
        self._breakers[name] = attempt
        self._under_way[name] += 1
        try:
            with telemetry.span("call", f"{name} {call.method}", attributes=_described(call)) as current:
                answer = await self._send(call)
                current.set_attribute("http.response.status_code", answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._failed(name, type(error).__name__)
            raise Unavailable from None
        finally:
            self._under_way[name] -= 1
        self._breakers[name] = self._breakers[name].succeeded()
        return answer

    async def identity_keys(self) -> str:
        """The public keys that access tokens are verified with, as a JWKS. Raises Unavailable."""
        return (await self._read(Call("identity", "GET", "/jwks"))).decode()

    async def code_forms(self) -> CodeForms:
        """What access codes are made of today. Raises Unavailable, or ValidationError."""
        return CodeForms.model_validate_json(await self._read(Call("identity", "GET", "/code-forms")))

    async def stay_open(self, _: object) -> None:
        """Keep the connections until the process stops, then close them."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _read(self, call: Call) -> bytes:
        answer = await self.call(call)
        if answer.status != OK:
            raise Unavailable
        return answer.body

    async def _send(self, call: Call) -> Answer:
        address = f"{self._addresses[call.service]}{call.path}"
        url = f"{address}?{call.query}" if call.query else address
        sending = self._connections().request(
            call.method, url, data=call.body or None, headers=self._headers(call), allow_redirects=False
        )
        async with sending as response:
            body = await response.read()
            passed = {name: response.headers[name] for name in PASSED_BACK if name in response.headers}
            return Answer(response.status, body, passed)

    def _headers(self, call: Call) -> dict[str, str]:
        session = call.session
        caller = Caller(session.channel, session.person_id, session.session_id) if session else NOBODY
        token = self._signer.sign(internal_claims(caller), audience=call.service, life=LIFE)
        traceparent = telemetry.traceparent()
        traced = {"traceparent": traceparent} if traceparent else {}
        return {**call.headers, **traced, AUTHORIZATION: f"Bearer {token}"}

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_OPEN),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                skip_auto_headers=[USER_AGENT, ACCEPT_ENCODING],
                auto_decompress=False,
            )
        return self._session

    def _failed(self, name: str, cause: str) -> None:
        before = self._breakers[name]
        self._breakers[name] = before.failed(self._clock())
        if self._breakers[name].open and not before.open:
            log.warning("a service does not answer", network_peer_name=name, cause=cause)


class FormsInForce:
    """What access codes are made of: as identity said last, and until it says anything, as its parameters ship."""

    def __init__(self, fetch: Callable[[], Awaitable[CodeForms]]) -> None:
        self._fetch = fetch
        self.now = SHIPPED

    async def follow(self, _: object) -> None:
        """Ask, and wait until it is time to ask again; repeated, so that the pages follow a change within a minute."""
        try:
            self.now = await self._fetch()
        except (Unavailable, ValidationError):
            await asyncio.sleep(FORMS_MISSED)
        else:
            await asyncio.sleep(FORMS_KEPT)


def _described(call: Call) -> dict[str, str]:
    return {"network.peer.name": call.service, "http.request.method": call.method}
