"""Rate limits through the gateway: shared by replicas, told to clients, and not to be talked out of."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from chassis import clock
from chassis.mongo import Database
from chassis.service import Service
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX, Access
from services.gateway.domain.limits import MOST, Counter, Limit, Per
from services.gateway.limiter import COUNTERS, INDEXES, Limiter
from tests import infra
from tests.integration.gateway.test_forwarding import SPOOFED
from tests.integration.gateway.world import SITE, World, world
from tests.unit.gateway.builders import LUCIE, NOW

ACCOUNTS, SESSIONS, REQUESTS = "/api/v1/accounts", "/api/v1/sessions", "/api/v1/requests"
LOG_IN = {"nir": "2850329990901", "code": "4711", "client_id": "android"}
TEN_AN_HOUR = Counter("POST /accounts", Limit(Per.NETWORK, 10, 3600), "203.0.113.0/24")
MANY_AN_HOUR = replace(TEN_AN_HOUR, limit=Limit(Per.NETWORK, MOST + 1, 3600))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest_asyncio.fixture(params=["motor", "pymongo"])
async def replicas(mongodb_url: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Service, Service]]:
    """Two processes of one service on one empty database."""
    settings = infra.service_settings("gateway", mongodb_url, mongo_driver=request.param)
    both = Service("gateway", settings), Service("gateway", settings)
    await both[0].database.ensure_indexes(INDEXES)
    yield both
    for each in both:
        await each.database.close()


@pytest.mark.parametrize("counter", [TEN_AN_HOUR, MANY_AN_HOUR], ids=["instants", "number"])
async def test_of_many_uses_at_once_exactly_the_limit_is_granted(
    replicas: tuple[Service, Service], counter: Counter
) -> None:
    limiters = [Limiter(each.database, each.cipher.blind) for each in replicas]
    if counter is MANY_AN_HOUR:
        await used(replicas[0], counter, counter.limit.amount - 10)
    standings = [each for [each] in await asyncio.gather(*(limiters[n % 2].use([counter]) for n in range(40)))]
    assert sum(each.granted for each in standings) == 10
    assert {each.remaining for each in standings if not each.granted} == {0}


async def test_what_one_full_counter_refuses_is_counted_on_none_however_many_come_at_once(
    replicas: tuple[Service, Service],
) -> None:
    limiters = [Limiter(each.database, each.cipher.blind) for each in replicas]
    wide = replace(TEN_AN_HOUR, subject="wide", limit=replace(TEN_AN_HOUR.limit, amount=40))
    widest = replace(MANY_AN_HOUR, subject="widest")
    both = await asyncio.gather(*(limiters[n % 2].use([wide, TEN_AN_HOUR, widest]) for n in range(30)))
    assert sum(all(each.granted for each in standings) for standings in both) == 10
    left = [each.remaining for each in await limiters[0].use([wide, TEN_AN_HOUR, widest])]
    assert left == [30, 0, widest.limit.amount - 10]


async def test_a_number_begins_anew_with_each_window(replicas: tuple[Service, Service]) -> None:
    clock = Clock()
    limiter = Limiter(replicas[0].database, replicas[0].cipher.blind, now=clock)
    await used(replicas[0], MANY_AN_HOUR, MANY_AN_HOUR.limit.amount - 1, now=clock)
    [last] = await limiter.use([MANY_AN_HOUR])
    [refused] = await limiter.use([MANY_AN_HOUR])
    assert (last.granted, last.remaining, refused.granted) == (True, 0, False)
    assert 0 < refused.wait <= 3600
    clock.at += timedelta(seconds=refused.wait)
    assert [each.remaining for each in await limiter.use([MANY_AN_HOUR])] == [MANY_AN_HOUR.limit.amount - 1]


async def test_failures_are_looked_at_and_counted_when_they_have_happened(replicas: tuple[Service, Service]) -> None:
    limiter = Limiter(replicas[0].database, replicas[0].cipher.blind)
    failures = Counter("POST /sessions/refresh", Limit(Per.FAILED, 2, 300), "203.0.113.0/24")
    for left in (2, 2, 2, 1, 0):
        if left < 2:
            await limiter.fail([failures])
        [standing] = await limiter.use([failures])
        assert (standing.remaining, standing.granted) == (left, left > 0)
    await limiter.fail([failures])
    assert len((await replicas[0].database[COUNTERS].find({}))[0]["uses"]) == 2


async def used(service: Service, counter: Counter, uses: int, *, now: Callable[[], datetime] = clock.now) -> None:
    """The counter after so many uses."""
    await Limiter(service.database, service.cipher.blind, now=now).use([counter])
    await service.database[COUNTERS].update_all({"number": 1}, {"$set": {"number": uses}})


async def test_a_use_counts_until_its_window_has_passed_and_a_refused_one_does_not(
    replicas: tuple[Service, Service],
) -> None:
    clock = Clock()
    limiter = Limiter(replicas[0].database, replicas[0].cipher.blind, now=clock)
    [first] = await limiter.use([TEN_AN_HOUR])
    assert (first.granted, first.remaining, first.wait) == (True, 9, 3600)

    clock.at += timedelta(minutes=50)
    for left in range(8, -1, -1):
        assert (await limiter.use([TEN_AN_HOUR]))[0].remaining == left
    for _ in range(3):
        [refused] = await limiter.use([TEN_AN_HOUR])
        assert (refused.granted, refused.remaining, refused.wait) == (False, 0, 600)

    clock.at += timedelta(minutes=10)
    assert (await limiter.use([TEN_AN_HOUR]))[0].granted
    assert not (await limiter.use([TEN_AN_HOUR]))[0].granted
    clock.at += timedelta(minutes=50)
    assert (await limiter.use([TEN_AN_HOUR]))[0].remaining == 8


async def test_no_address_can_be_read_from_the_database(replicas: tuple[Service, Service]) -> None:
    limiter = Limiter(replicas[0].database, replicas[0].cipher.blind)
    await limiter.use([TEN_AN_HOUR])
    [kept] = await replicas[0].database[COUNTERS].find({})
    assert set(kept) == {"_id", "uses", "expires_at"}
    assert not any(told in str(kept) for told in ("203.0", "accounts", "network"))


@asynccontextmanager
async def limited(mongodb_url: str, limits: dict[str, Any], **settings: str) -> AsyncIterator[World]:
    """A gateway with limits of its own."""
    async with world(mongodb_url, limits=json.dumps(limits), **settings) as built:
        yield built


def caller(gateway: World, address: str, **headers: str) -> httpx.AsyncClient:
    """Anybody, at this address."""
    transport = httpx.ASGITransport(gateway.app, client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers)


async def create(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post(ACCOUNTS, json={}, headers=headers)


async def test_ten_accounts_an_hour_from_one_network_whatever_it_says_of_itself_and_whichever_replica(
    gateway: World,
) -> None:
    here = caller(gateway, "203.0.113.7")
    for n in range(10):
        said = {"x-forwarded-for": f"198.51.{n}.1", "x-real-ip": f"198.51.{n}.1", "forwarded": f"for=198.51.{n}.1"}
        answer = await create(here, **said)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"network";q=10;w=3600'
        assert answer.headers["ratelimit"].startswith(f'"network";r={9 - n};t=')

    again = await gateway.restarted()
    for neighbour, replica in (("203.0.113.7", gateway), ("203.0.113.200", gateway), ("203.0.113.7", again)):
        client = caller(replica, neighbour, **{"accept-language": "en"})
        refused = await create(client, **{name: value for name, value in SPOOFED.items() if name != "cookie"})
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert "minutes" in refused.json()["detail"]
        assert 3500 < int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["ratelimit"] == f'"network";r=0;t={refused.headers["retry-after"]}'
        assert refused.headers["cache-control"] == "no-store"
        assert refused.headers["x-trace-id"] == refused.json().get("trace_id", "")
    await again.close()

    assert (await create(caller(gateway, "198.51.100.7"))).status_code == 200
    assert len(gateway.services.seen) == 11


async def test_only_a_proxy_of_ours_says_where_a_request_comes_from(mongodb_url: str) -> None:
    limits = {"POST /accounts": {"network": "1/3600"}}
    async with limited(mongodb_url, limits, trusted_proxies='["10.0.0.0/8"]') as gateway:
        proxy = caller(gateway, "10.0.0.1")
        assert (await create(proxy, **{"x-forwarded-for": "203.0.113.7"})).status_code == 200
        assert (await create(proxy, **{"x-forwarded-for": "198.51.100.7"})).status_code == 200
        assert (await create(proxy, **{"x-forwarded-for": "192.0.2.99, 203.0.113.8"})).status_code == 429
        split = [("x-forwarded-for", "192.0.2.99"), ("x-forwarded-for", "203.0.113.9")]
        assert (await proxy.post(ACCOUNTS, json={}, headers=split)).status_code == 429


async def test_a_stranger_cannot_use_up_what_a_known_device_may_do(mongodb_url: str) -> None:
    async with limited(mongodb_url, {"POST /sessions": {"network": "2/300", "device": "3/300"}}) as gateway:
        device = gateway.services.token(kind="device+jwt", dev=str(uuid4()))
        for _ in range(2):
            assert (await gateway.client().post(SESSIONS, json=LOG_IN)).status_code == 200
        assert (await gateway.client().post(SESSIONS, json=LOG_IN)).status_code == 429

        browser = gateway.browser("")
        browser.cookies.set("__Host-device", device)
        first = await browser.post(SESSIONS, json={**LOG_IN, "client_id": "web"})
        assert (first.status_code, first.headers["ratelimit-policy"]) == (200, '"device";q=3;w=300')
        for status in (200, 200, 429):
            known = await gateway.client().post(SESSIONS, json={**LOG_IN, "device_token": device})
            assert known.status_code == status
        other = gateway.services.token(kind="device+jwt", dev=str(uuid4()))
        assert (await gateway.client().post(SESSIONS, json={**LOG_IN, "device_token": other})).status_code == 200


async def test_a_device_token_that_is_not_genuine_is_nobodys(mongodb_url: str) -> None:
    async with limited(mongodb_url, {"POST /sessions": {"network": "1/300"}}) as gateway:
        await gateway.client().post(SESSIONS, json=LOG_IN)
        token, device = gateway.services.token, str(uuid4())
        good = token(kind="device+jwt", dev=device)
        forged = [
            token(kind="at+jwt", dev=device),
            token(kind="device+jwt", dev=device, life=-60),
            token(kind="device+jwt", dev=device, audience="autre"),
            token(kind="device+jwt", dev="1"),
            token(kind="device+jwt"),
            good[:-8] + "AAAAAAAA",
            good.rpartition(".")[0] + ".",
            "W1tb" * 1000 + ".e30.AA",
            "x",
            ["x"],
            {"$ne": ""},
            7,
        ]
        for each in forged:
            answer = await gateway.client().post(SESSIONS, json={**LOG_IN, "device_token": each})
            assert answer.status_code == 429, each
            assert answer.headers["ratelimit-policy"].startswith('"network"')


async def test_a_session_writes_so_often_and_reads_as_it_likes(mongodb_url: str) -> None:
    async with limited(mongodb_url, {"every other write": {"session": "2/60"}}) as gateway:
        phone, browser = gateway.phone(), gateway.browser(gateway.services.token(sid=str(uuid4())))
        assert (await phone.post(REQUESTS, json={})).headers["ratelimit"].startswith('"session";r=1;t=')
        assert (await phone.delete(f"{SESSIONS}/{LUCIE}")).headers["ratelimit"].startswith('"session";r=0;t=')
        assert (await phone.post(REQUESTS, json={})).status_code == 429
        assert (await browser.post(REQUESTS, json={})).status_code == 200
        for _ in range(3):
            read = await phone.get("/api/v1/home")
            assert read.status_code == 200
            assert "ratelimit" not in read.headers


def leave(gateway: World) -> None:
    """The services behind are gone."""
    gateway.main["upstream"]._addresses = dict.fromkeys(gateway.services.upstreams(), "http://127.0.0.1:1")


async def test_refusals_of_others_say_what_is_left_too(gateway: World) -> None:
    gateway.services.answers["POST", "/accounts"] = web.json_response({}, status=422)
    refused = await create(gateway.client())
    assert (refused.status_code, refused.headers["ratelimit-policy"]) == (422, '"network";q=10;w=3600')
    elsewhere = await create(gateway.client(origin="https://autre.invalid"))
    assert (elsewhere.status_code, "ratelimit" in elsewhere.headers) == (403, False)
    leave(gateway)
    away = await create(gateway.client())
    assert (away.status_code, away.headers["ratelimit"][:14]) == (503, '"network";r=8;')


async def test_every_limited_route_counts(gateway: World) -> None:
    await gateway.phone().get("/api/v1/home")
    leave(gateway)
    for each in CAPABILITIES:
        if each.limits:
            client = gateway.client() if each.access is Access.PUBLIC else gateway.phone()
            path = each.path.replace("{", "").replace("}", "")
            answer = await client.request(each.method, PREFIX + path, json=None if each.method == "GET" else {})
            assert "ratelimit" in answer.headers, f"{each.method} {each.path} answers {answer.status_code}"


async def test_without_the_database_a_limited_route_is_a_503(gateway: World) -> None:
    away = Database("mongodb://127.0.0.1:1", "away", driver="motor", deadline=timedelta(seconds=0.3))
    edge = gateway.app.state.edge
    gateway.app.state.edge = replace(edge, rates=replace(edge.rates, counters=Limiter(away, str)))
    answer = await create(gateway.client())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert gateway.services.seen == []
    await away.close()


@pytest.mark.parametrize("name", sorted(SPOOFED))
async def test_no_header_makes_somebody_of_nobody(gateway: World, name: str) -> None:
    spoofing = {name: SPOOFED[name] if name == "traceparent" else str(LUCIE)}
    client = gateway.client(**spoofing)
    assert (await client.get("/api/v1/home")).status_code in {401, 403}
    assert (await client.post(REQUESTS, json={})).status_code in {401, 403}
    await create(client)
    for seen in gateway.services.seen:
        assert "sub" not in seen.claims
        assert "a" * 32 not in seen.headers.get("traceparent", "")
        assert str(LUCIE) not in str(seen.headers)
