"""What is asked with a secret: neighbours who invent some use up nothing of those who have one."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from services.gateway.api import limiting
from services.gateway.api.access import SECRETS
from services.gateway.domain.capabilities import PREFIX
from services.gateway.domain.limits import LIMITS, Per
from tests.integration.gateway.stub import CALLBACKS
from tests.integration.gateway.test_limits import caller, create, leave, limited
from tests.integration.gateway.test_proofs import CHEAP, solved
from tests.integration.gateway.world import World

REFRESH = "/api/v1/sessions/refresh"
ROUTE = "POST /sessions/refresh"
FEW = {name: {"secret": "3/300", "device": "2/300", "failed": "2/300"} for name in SECRETS}
BODIES = {"POST /franceconnect/sessions": {"state": "s", "code": "c"}}
CURRENT = "/api/v1/sessions/current"


def a_secret() -> str:
    """43 characters that nobody has seen before."""
    return (uuid4().hex + uuid4().hex)[:43]


async def ask(client: httpx.AsyncClient, name: str, secret: str, **headers: str) -> httpx.Response:
    """A request of this route with this secret."""
    method, path = name.split(" ")
    member, cookie = SECRETS[name]
    path = PREFIX + path.replace("{challenge_id}", secret)
    if method == "GET":
        cookies = "; ".join(filter(None, [headers.get("cookie"), f"__Host-{cookie}={secret}"]))
        return await client.get(path, headers={**headers, "cookie": cookies})
    body = BODIES.get(name, {"client_id": "android", "code": "123456"}) | {member: secret}
    return await client.post(path, json=body, headers=headers)


def will_refuse(gateway: World, name: str, secret: str) -> None:
    """The next answer of identity to this."""
    method, path = name.split(" ")
    theirs = CALLBACKS if "franceconnect" in path else path.replace("{challenge_id}", secret)
    gateway.services.will_answer("POST" if method == "GET" else method, theirs, {"status": 401}, status=401)


async def grant(gateway: World, client: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    """A request with a secret that identity knows."""
    gateway.services.will_end("session", "web" if name.startswith("GET") else "android")
    return await ask(client, name, a_secret(), **headers)


async def invent(gateway: World, client: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    """A request with a secret that identity does not know."""
    secret = a_secret()
    will_refuse(gateway, name, secret)
    return await ask(client, name, secret, **headers)


def test_every_route_that_counts_secrets_says_where_its_own_stands() -> None:
    counted = {name for name, limits in LIMITS.items() if any(each.by is Per.SECRET for each in limits)}
    assert counted == set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
async def test_only_what_was_refused_fills_the_budget_of_a_network(mongodb_url: str, name: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        here = caller(gateway, "203.0.113.7")
        for _ in range(5):
            assert "r=2" in (await grant(gateway, here, name)).headers["ratelimit"]
        for left in (1, 0):
            answer = await invent(gateway, here, name)
            assert answer.headers["ratelimit"].startswith(f'"failed";r={left};')
        before = len(gateway.services.seen)
        refused = await ask(here, name, a_secret())
        assert refused.headers["ratelimit-policy"] == '"failed";q=2;w=300'
        assert refused.status_code == (302 if name.startswith("GET") else 429)
        assert len(gateway.services.seen) == before
        elsewhere = await grant(gateway, caller(gateway, "198.51.100.7"), name)
        assert elsewhere.headers["ratelimit"].startswith('"failed";r=2;')


@pytest.mark.parametrize("name", SECRETS)
async def test_a_known_device_goes_on_whatever_its_neighbours_invent(mongodb_url: str, name: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        here = caller(gateway, "203.0.113.7")
        for _ in range(2):
            await invent(gateway, here, name)
        known = gateway.services.token(kind="device+jwt", dev=str(uuid4()))
        answer = await grant(gateway, here, name, cookie=f"__Host-device={known}")
        assert answer.headers["ratelimit"].startswith('"device";r=1;')


async def test_the_same_secret_again_and_again_is_refused_and_no_other_is(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        here, mine = caller(gateway, "203.0.113.7"), a_secret()
        told = [await ask(here, ROUTE, mine) for _ in range(4)]
        assert [each.status_code for each in told] == [200, 200, 200, 429]
        assert told[3].headers["ratelimit-policy"] == '"secret";q=3;w=300'
        assert "proof_of_work" not in told[3].json()
        elsewhere = caller(gateway, "198.51.100.7")
        assert (await ask(elsewhere, ROUTE, mine)).status_code == 429
        assert (await ask(here, ROUTE, a_secret())).status_code == 200


async def test_a_solved_challenge_lets_a_session_go_on_whatever_the_neighbours_do(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        for _ in range(2):
            await invent(gateway, here, ROUTE)
        mine = a_secret()
        refused = await ask(here, ROUTE, mine)
        assert refused.status_code == 429
        paid = await ask(here, ROUTE, mine, **{"x-altcha": solved(refused.json()["proof_of_work"])})
        assert paid.status_code == 200


async def test_a_browser_goes_on_by_the_device_that_its_cookie_names(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        stranger = caller(gateway, "203.0.113.7")
        for _ in range(2):
            await invent(gateway, stranger, ROUTE)
        browser = gateway.browser("")
        browser.cookies.set("__Host-refresh", a_secret())
        browser.cookies.set("__Host-device", gateway.services.token(kind="device+jwt", dev=str(uuid4())))
        assert (await browser.post(REFRESH)).status_code == 200


async def test_an_outage_is_nobodys_failure(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        addresses = gateway.main["upstream"]._addresses
        leave(gateway)
        here = gateway.client()
        for _ in range(3):
            away = await ask(here, ROUTE, a_secret())
            assert (away.status_code, away.headers["ratelimit"][:12]) == (503, '"failed";r=2')
        gateway.main["upstream"]._addresses = addresses


async def test_who_logs_out_with_a_secret_that_is_none_fills_it_too(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        for left in (1, 0):
            browser = gateway.browser("")
            browser.cookies.set("__Host-refresh", a_secret())
            will_refuse(gateway, ROUTE, "")
            out = await browser.delete(CURRENT)
            assert (out.status_code, out.headers["ratelimit"][:12]) == (204, f'"failed";r={left}')
        browser = gateway.browser("")
        browser.cookies.set("__Host-refresh", a_secret())
        assert (await browser.delete(CURRENT)).status_code == 429


async def test_no_secret_can_be_read_from_the_database(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        mine = a_secret()
        await ask(gateway.client(), ROUTE, mine)
        [kept] = await gateway.app.state.service.database["rates"].find({})
        assert set(kept) == {"_id", "uses", "expires_at"}
        assert mine not in str(kept)


@pytest.mark.parametrize("secret", ["é" * 30, "\ud800" * 30, "", "x" * 5000])
async def test_what_cannot_be_a_secret_is_answered_by_identity(mongodb_url: str, secret: str) -> None:
    async with limited(mongodb_url, FEW) as gateway:
        answer = await gateway.client().post(
            REFRESH, content=json.dumps({"refresh_token": secret}), headers={"content-type": "application/json"}
        )
        assert answer.status_code < 500


async def test_a_whole_prefix_of_version_6_is_sixteen_networks_and_not_65536(mongodb_url: str) -> None:
    async with limited(mongodb_url, {"POST /accounts": {"network": "1/3600", "proof": "off"}}) as gateway:
        answers = [await create(caller(gateway, f"2001:db8:1:{n:x}00::7")) for n in range(18)]
        assert [each.status_code for each in answers] == [*[200] * 16, 429, 429]
        assert answers[16].headers["ratelimit-policy"] == '"network";q=16;w=3600'
        near = [await create(caller(gateway, f"2001:db8:2:{n:x}::7")) for n in range(6)]
        assert [each.status_code for each in near] == [*[200] * 4, 429, 429]
        assert near[4].headers["ratelimit-policy"] == '"network";q=4;w=3600'
        assert (await create(caller(gateway, "2001:db8:3::7"))).status_code == 200


@pytest.fixture
def untold() -> Iterator[None]:
    """Nothing has been said of hops in this process."""
    limiting._warn_of_hops.cache_clear()
    yield
    limiting._warn_of_hops.cache_clear()


@pytest.mark.usefixtures("untold")
async def test_a_proxy_may_write_a_port_and_what_it_writes_in_vain_is_said_once(mongodb_url: str) -> None:
    limits: dict[str, Any] = {"POST /accounts": {"network": "1/3600"}}
    async with limited(mongodb_url, limits, trusted_proxies='["10.0.0.0/8"]') as gateway:
        proxy = caller(gateway, "10.0.0.1")
        with capture_logs() as said:
            for hop in ("203.0.113.7:51234", "198.51.100.7:51234", "[2001:db8::7]:443"):
                assert (await create(proxy, **{"x-forwarded-for": hop})).status_code == 200
            assert (await create(proxy, **{"x-forwarded-for": "203.0.113.9"})).status_code == 429
        assert not [each for each in said if "X-Forwarded-For" in each["event"]]
        with capture_logs() as said:
            for hop in ("inconnu-1", "inconnu-2"):
                await create(proxy, **{"x-forwarded-for": hop})
        [warning] = [each for each in said if "X-Forwarded-For" in each["event"]]
        assert "inconnu" not in str(warning)
