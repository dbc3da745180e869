"""Rate limits of a request: whom it is counted for, and what the answer says of it."""

from collections.abc import Awaitable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import Unavailable
from services.gateway.api.describing import PROOF
from services.gateway.domain.capabilities import Capability
from services.gateway.domain.limits import (
    Counter,
    Networks,
    Per,
    Rule,
    Standing,
    Table,
    TooManyRequests,
    nearest,
    network,
    rule_for,
)
from services.gateway.domain.sessions import Session

STANDING = "compte.standing"


class Counters(Protocol):
    """The counters that all replicas share."""

    def use(self, counter: Counter) -> Awaitable[Standing]:
        """Count one use."""


class Proofs(Protocol):
    """The challenges with which a network goes beyond its own budget."""

    def challenge(self, route: str) -> Mapping[str, Any]:
        """A new one."""

    def take(self, solution: str | None, route: str) -> Awaitable[bool]:
        """Whether this solves one, for the first time."""


@dataclass(frozen=True)
class RateLimits:
    """The limits in force, and the proxies that are believed about where a request comes from."""

    counters: Counters
    proofs: Proofs
    table: Table
    trusted_proxies: Networks

    def rule(self, wanted: Capability) -> Rule:
        """The limits of a route."""
        return rule_for(wanted.method, wanted.path, self.table)

    async def use(self, request: Request, rule: Rule, session: Session | None, device: object) -> None:
        """Count this request, and remember what the answer is to say. Raises TooManyRequests.

        A proof is looked at only when nothing else grants the request, and a ceiling counts only what is granted below
        it: a stranger who is refused uses up nothing of anybody.
        """
        known = dict.fromkeys((Per.NETWORK, Per.PROOF, Per.CEILING), self._network(request))
        if session is not None:
            known[Per.SESSION] = str(session.session_id)
        if device is not None:
            known[Per.DEVICE] = str(device)
        standings = await self._count(rule.counter(known))
        if rule.can_go_on(standings) and await self.proofs.take(request.headers.get(PROOF["name"]), rule.name):
            standings = await self._count(rule.counter(known, (Per.PROOF,)))
        if all(each.granted for each in standings):
            standings += await self._count(rule.counter(known, (Per.CEILING,)))
        if standings:
            self._tell(request, rule, nearest(standings))

    async def _count(self, counter: Counter | None) -> list[Standing]:
        return [await self.counters.use(counter)] if counter else []

    def _tell(self, request: Request, rule: Rule, standing: Standing) -> None:
        request.scope[STANDING] = standing
        if not standing.granted:
            way_on = self.proofs.challenge(rule.name) if rule.can_go_on([standing]) else None
            raise TooManyRequests(standing.wait, way_on)

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
