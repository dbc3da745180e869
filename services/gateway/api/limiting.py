"""Rate limits of a request: whom it is counted for, and what the answer says of it."""

from collections.abc import Awaitable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import Unavailable
from services.gateway.domain.capabilities import Capability
from services.gateway.domain.limits import (
    Counter,
    Networks,
    Per,
    Rule,
    Standing,
    Table,
    TooManyRequests,
    network,
    rule_for,
)
from services.gateway.domain.sessions import Session

STANDING = "compte.standing"


class Counters(Protocol):
    """The counters that all replicas share."""

    def use(self, counter: Counter) -> Awaitable[Standing]:
        """Count one use."""


@dataclass(frozen=True)
class RateLimits:
    """The limits in force, and the proxies that are believed about where a request comes from."""

    counters: Counters
    table: Table
    trusted_proxies: Networks

    def rule(self, wanted: Capability) -> Rule:
        """The limits of a route."""
        return rule_for(wanted.method, wanted.path, self.table)

    async def use(self, request: Request, rule: Rule, session: Session | None, device: object) -> None:
        """Count this request, and remember what the answer is to say. Raises TooManyRequests."""
        known = {Per.NETWORK: self._network(request)}
        if session is not None:
            known[Per.SESSION] = str(session.session_id)
        if device is not None:
            known[Per.DEVICE] = str(device)
        counter = rule.counter(known)
        if counter is None:
            return
        standing = await self.counters.use(counter)
        request.scope[STANDING] = standing
        if not standing.granted:
            raise TooManyRequests(standing.wait)

    def _network(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        return network(peer, ",".join(request.headers.getlist("x-forwarded-for")), self.trusted_proxies)


class Room:
    """So many may be inside at once; whoever comes when it is full is turned away before anything is done for them."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be inside for as long as the block runs. Raises Unavailable."""
        if not self._free:
            raise Unavailable
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


def device_token(request_body: bytes) -> str | None:
    """The `device_token` that an application puts in the body of its log-in."""
    try:
        sent = orjson.loads(request_body)
    except orjson.JSONDecodeError:
        return None
    token = sent.get("device_token") if isinstance(sent, dict) else None
    return token if isinstance(token, str) else None


class RateLimitHeaders:
    """Puts `RateLimit-Policy` and `RateLimit` on every answer to a request that was counted, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            standing: Standing | None = scope.get(STANDING)
            if standing is not None and message["type"] == "http.response.start":
                _add(message, standing)
            await send(message)

        await self._app(scope, receive, told)


def _add(message: MutableMapping[str, Any], standing: Standing) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in standing.headers().items()]
    message["headers"] = [*message["headers"], *pairs]
