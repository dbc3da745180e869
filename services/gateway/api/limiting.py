"""Rate limits of a request: whom it is counted for, and what the answer says of it."""

from collections.abc import Awaitable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.mongo import DatabaseDown
from chassis.telemetry import log
from chassis.web import BadRequest
from contracts.problems import Text, Unavailable
from services.gateway.api.describing import LONGEST_PROOF, PROOF
from services.gateway.domain.capabilities import Capability
from services.gateway.domain.limits import (
    OF_NETWORKS,
    Counter,
    Known,
    Networks,
    Per,
    Rule,
    Standing,
    Table,
    TooManyRequests,
    nearest,
    origin,
    rule_for,
)

USE, OUTCOME = "compte.use", "compte.outcome"
REFUSED = range(400, 500)
TOO_LONG = Text("La solution du défi est trop longue.", "The solution of the challenge is too long.")


class Counters(Protocol):
    """The counters that all replicas share."""

    def use(self, counters: Sequence[Counter]) -> Awaitable[Sequence[Standing]]:
        """Count one use on all, or on none if one of them is full; those of failures are looked at."""

    def fail(self, counters: Sequence[Counter]) -> Awaitable[None]:
        """Count one failure on each."""


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

    async def use(self, request: Request, rule: Rule, said: Mapping[Per, object]) -> None:
        """Count this request, and remember what the answer is to say. Raises TooManyRequests, and BadRequest.

        `said`: the session, device or secret that it shows. A proof is looked at only when nothing else grants the
        request, and a ceiling counts only what is granted below it: a stranger who is refused uses up nothing of
        anybody.
        """
        shown: Known = {by: {str(each): 1} for by, each in said.items() if each is not None}
        known: Known = {**shown, **dict.fromkeys(OF_NETWORKS, self._networks(request))}
        solution = request.headers.get(PROOF["name"]) if rule.counts_by(Per.PROOF) else None
        if solution and len(solution) > LONGEST_PROOF:
            raise BadRequest(TOO_LONG)
        counters = rule.counters(known)
        standings = await self.counters.use(counters)
        if rule.can_go_on(standings) and await self.proofs.take(solution, rule.name):
            counters = rule.counters(known, proved=True)
            standings = await self.counters.use(counters)
        if standings:
            standing = nearest(standings)
            if_refused = [each for each in counters if each.of_failures] if standing.granted else []
            request.scope[USE] = Use(self.counters, standings, if_refused)
            self._check(rule, standing)

    def _check(self, rule: Rule, standing: Standing) -> None:
        if not standing.granted:
            way_on = self.proofs.challenge(rule.name) if rule.can_go_on([standing]) else None
            raise TooManyRequests(standing.wait, way_on)

    def _networks(self, request: Request) -> Mapping[str, int]:
        peer = request.client.host if request.client else None
        said = ",".join(request.headers.getlist("x-forwarded-for"))
        found = origin(peer, said, self.trusted_proxies)
        if found.unreadable:
            _warn_of_hops()
        return found.networks


@cache
def _warn_of_hops() -> None:
    """Once in a process, and without what was written: it may be somebody's address."""
    log.warning("a trusted proxy wrote no address into X-Forwarded-For: its callers share one budget")


@dataclass(frozen=True)
class Use:
    """One request that was counted: what its counters said, and which of them it fills by being refused."""

    counters: Counters
    standings: Sequence[Standing]
    if_refused: Sequence[Counter] = ()

    async def told(self, outcome: int) -> Standing:
        """What the client is told of, once it is known how the request ended."""
        if not self.if_refused or outcome not in REFUSED:
            return nearest(self.standings)
        try:
            await self.counters.fail(self.if_refused)
        except DatabaseDown:
            return nearest(self.standings)
        limits = [each.limit for each in self.if_refused]
        return nearest([each.after_use() if each.limit in limits else each for each in self.standings])


def ended(request: Request, outcome: int) -> None:
    """Say how a request ended whose answer does not: a browser is always sent to a page."""
    request.scope[OUTCOME] = outcome


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
            use: Use | None = scope.get(USE)
            if use is not None and message["type"] == "http.response.start":
                _add(message, await use.told(scope.get(OUTCOME, message["status"])))
            await send(message)

        await self._app(scope, receive, told)


def _add(message: MutableMapping[str, Any], standing: Standing) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in standing.headers().items()]
    message["headers"] = [*message["headers"], *pairs]
