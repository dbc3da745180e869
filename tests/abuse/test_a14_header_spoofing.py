"""A14: what a caller says of itself in headers has no effect, here or at any service's own port."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from uuid import uuid4

import pytest

from chassis.app import bare_app
from tests.abuse.callers import Browser, Caller, nobody
from tests.abuse.operations import BODIES, READS, filled, name_of
from tests.abuse.residents import Resident
from tests.abuse.scale import scaled
from tests.world import World, somewhere

SERVICES = ("identity", "payments", "procedures", "notifications")
PRIVATE = ("/metrics", "/health/live", "/health/ready")
ACCOUNTS_AN_HOUR = 10
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


def spoofed(person_id: str, session_id: str) -> Mapping[str, str]:
    """Every header by which somewhere a caller is named, saying that it is this person."""
    claims = json.dumps({"sub": person_id, "sid": session_id, "channel": "app"})
    names = (
        *("x-user-id", "x-user", "x-person-id", "x-account-id", "x-subject", "x-authenticated-user", "remote-user"),
        *("x-forwarded-user", "x-remote-user", "x-auth-request-user", "x-session-id", "x-sid", "x-caller"),
    )
    return {
        **dict.fromkeys(names, person_id),
        "x-jwt-claims": claims,
        "x-channel": "app",
        "x-internal": "true",
        "x-service": "gateway",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "autre.invalid",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/admin",
        "x-real-ip": "127.0.0.1",
        "x-original-url": "/api/v1/me",
        "x-rewrite-url": "/api/v1/me",
        "forwarded": f"for=127.0.0.1;by={person_id};host=autre.invalid",
        "via": "1.1 gateway",
        "true-client-ip": "127.0.0.1",
        "client-ip": "127.0.0.1",
        "baggage": f"person_id={person_id}",
        "traceparent": TRACE,
        "tracestate": "compte=1",
        "proxy-authorization": f"Bearer {person_id}",
        "x-api-key": person_id,
        "authorization": f"Basic {person_id}",
        "cookie": f"person_id={person_id}; session={session_id}; access={session_id}",
    }


@pytest.fixture
def lies(owner: Resident) -> Mapping[str, str]:
    """The headers of somebody who says to be the owner."""
    return spoofed(owner.person.person_id, owner.ids["session_id"])


def routes() -> Iterator[tuple[str, str, str]]:
    """Every route of every service, as it publishes them: service, method, path."""
    for service in SERVICES:
        document = bare_app(service, [import_module(f"services.{service}.api").router]).openapi()
        for path, operations in document["paths"].items():
            for method in operations:
                yield service, method.upper(), path


ROUTES = list(routes())


async def test_no_header_makes_somebody_of_nobody(world: World, owner: Resident, lies: Mapping[str, str]) -> None:
    refusals = {"unauthenticated"}
    for each in READS:
        path = filled(each, owner.ids)
        together = await Caller(nobody(world).url, dict(lies)).send("GET", path)
        assert (together.status, together.slug) == (401, "unauthenticated"), name_of(each)
    for name, value in lies.items():
        for method, path, sent in (("GET", "/me", None), ("POST", "/requests", BODIES["POST /requests"])):
            alone = await Caller(nobody(world).url, {name: value}).send(method, path, sent)
            assert alone.status == 401, name
            assert alone.slug in refusals


async def test_no_header_makes_somebody_else_of_somebody(stranger: Resident, lies: Mapping[str, str]) -> None:
    said = {name: value for name, value in lies.items() if name not in {"authorization", "cookie"}}
    plain = await stranger.phone.send("GET", "/me")
    for headers in ({name: value} for name, value in said.items()):
        lying = Caller(stranger.phone.url, {**headers, **stranger.phone.headers})
        assert (await lying.send("GET", "/me")).told == plain.told, headers
    everything = await Caller(stranger.phone.url, {**said, **stranger.phone.headers}).send("GET", "/me")
    assert everything.told == plain.told


async def test_no_header_changes_what_an_answer_says_of_where_it_is(world: World, lies: Mapping[str, str]) -> None:
    """No link, redirect or cookie follows a Host or X-Forwarded-Host that the caller made up."""
    for headers in ({"host": "autre.invalid"}, {"x-forwarded-host": "autre.invalid"}, dict(lies)):
        for path in ("/franceconnect/authorize", "/franceconnect/callback?state=s&code=c", "/capabilities"):
            reply = await Caller(nobody(world).url, headers).send("GET", path)
            assert "autre.invalid" not in reply.text + str(reply.headers.items())


async def test_a_trace_begins_at_the_gateway_whatever_came_in(owner: Resident) -> None:
    seen = set()
    for _ in range(3):
        reply = await Caller(owner.phone.url, {**owner.phone.headers, "traceparent": TRACE}).send("GET", "/payments")
        seen.add(reply.headers["x-trace-id"])
    assert len(seen) == 3
    assert "a" * 32 not in seen


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_service_answers_nobody_but_the_gateway(
    world: World, owner: Resident, lies: Mapping[str, str], route: tuple[str, str, str]
) -> None:
    service, method, path = route
    port = world.stack.services[service].url
    target = path.replace("{", "").replace("}", "")
    body = None if method == "GET" else BODIES.get(f"{method} {path}", {})
    for headers in (
        {},
        dict(lies),
        owner.phone.headers,
        {"authorization": "Bearer"},
        {"authorization": "Bearer x.y.z"},
    ):
        reply = await Caller(port, headers).send(method, target, body, idempotency_key=str(uuid4()))
        assert (reply.status, reply.slug) == (401, "unauthenticated"), headers
        assert reply.headers["content-type"] == "application/problem+json"


def test_every_service_has_routes() -> None:
    assert {service for service, _, _ in ROUTES} == set(SERVICES)
    assert len(ROUTES) > 30


async def test_a_service_publishes_no_description_of_itself(world: World) -> None:
    for service in SERVICES:
        port = Caller(world.stack.services[service].url)
        for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/me", "/admin", "/debug", "/.env"):
            assert (await port.send("GET", path)).status == 404, (service, path)


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"])
async def test_who_changes_what_it_says_of_itself_is_counted_all_the_same(world: World, name: str) -> None:
    there = Caller(nobody(world).url, address=somewhere())
    statuses = []
    for number in range(ACCOUNTS_AN_HOUR + scaled(90, 5)):
        elsewhere = f"198.51.{number}.1"
        said = {name: f"for={elsewhere}" if name == "forwarded" else elsewhere}
        caller = Caller(there.url, said, there.address)
        sent = BODIES["POST /accounts"]
        statuses.append((await caller.send("POST", "/accounts", sent, idempotency_key=str(uuid4()))).status)
    assert statuses[:ACCOUNTS_AN_HOUR] == [202] * ACCOUNTS_AN_HOUR
    assert set(statuses[ACCOUNTS_AN_HOUR:]) == {429}


async def test_a_network_is_no_wider_for_more_connections_or_neighbours(world: World) -> None:
    """A /24 counts as one: 40 callers of one network at once get no more than one alone."""
    network = somewhere().rpartition(".")[0]
    callers = [Caller(nobody(world).url, address=f"{network}.{number}") for number in range(1, 31)]
    sent = BODIES["POST /accounts"]
    replies = await asyncio.gather(
        *(each.send("POST", "/accounts", sent, idempotency_key=str(uuid4())) for each in callers)
    )
    assert sum(reply.status == 202 for reply in replies) == ACCOUNTS_AN_HOUR
    refused = [reply for reply in replies if reply.status != 202]
    assert {reply.status for reply in refused} == {429}
    assert all(int(reply.headers["retry-after"]) > 0 for reply in refused)


async def test_a_cookie_of_another_name_is_no_session(owner: Resident) -> None:
    browser = await owner.browser()
    token = browser.cookies["__Host-access"]
    for name in ("access", "__Secure-access", "__host-access", "__Host-Access", "__Host-access2", "session"):
        renamed = Browser(browser.caller, browser.origin, {name: token})
        assert (await renamed.send("GET", "/me")).status == 401, name
