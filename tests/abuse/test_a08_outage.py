"""F24: whatever FranceConnect does, a browser ends on a page in time, and codes open the account as always."""

import asyncio
import time
from statistics import median

import aiohttp
import pytest

from deploy.demo.client import seen
from deploy.embedded import idp, stack
from tests.abuse.callers import Reply, nobody
from tests.abuse.figures import say
from tests.abuse.scale import scaled
from tests.abuse.visitors import AWAY, HOME, REFUSED, Cast, Visitor, fault, noted, opened
from tests.pace import TIMED
from tests.settling import Settled, landed
from tests.world import World

OUTAGES = ("down", "slow", "token-down", "userinfo-down", "token-huge", "invalid-client")
REDIRECTS = {
    "redirect-error": (REFUSED, "declined"),
    "redirect-server-error": (AWAY, "away: returned-error"),
    "redirect-other-state": (REFUSED, "state"),
    "redirect-no-state": (REFUSED, "state"),
}
LONGEST = 2.5  # seconds until a browser is on a page
BETWEEN_FETCHES = 10.0
# A second change within ten seconds is waited for.
KEYS = ("RS256", "ES256")[: scaled(2, 1)]


@pytest.fixture(autouse=True)
async def a_while_later(world: World) -> None:
    """As if minutes had passed since whatever the gateway counts: a device logs in 20 times in five."""
    await asyncio.to_thread(world.database("gateway")["rates"].delete_many, {})


@pytest.mark.parametrize("wrong", REDIRECTS)
async def test_an_error_that_franceconnect_sends_back_ends_on_a_page(world: World, cast: Cast, wrong: str) -> None:
    page, reason = REDIRECTS[wrong]
    async with fault(world, wrong):
        reply = await Visitor.new(world, cast.victim).enter()
    assert not opened(reply)
    assert reply.headers["location"] == page
    assert (await noted(world))[reply.headers["x-trace-id"]] == [reason]


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_of_franceconnect_ends_on_a_page_and_leaves_codes_alone(
    world: World, cast: Cast, outage: str
) -> None:
    before = [await _code_log_in(cast.owner) for _ in range(3)]
    visitors = [Visitor.new(world, cast.victim) for _ in range(6)]
    await asyncio.gather(*(visitor.sign_in() for visitor in visitors))

    async with fault(world, outage):
        back = [asyncio.create_task(_timed(visitor)) for visitor in visitors]
        during = [await _code_log_in(cast.owner) for _ in range(3)]
        answers = await asyncio.gather(*back)
        during += [await _code_log_in(cast.owner)]

    assert {reply.headers["location"] for reply, _ in answers} == {AWAY}
    assert not any(opened(reply) for reply, _ in answers)
    slowest = max(seconds for _, seconds in answers)
    if TIMED:
        assert slowest < LONGEST
        assert median(during) < median(before) + 0.5
    log = await noted(world)
    assert all(len(log[reply.headers["x-trace-id"]]) == 1 for reply, _ in answers)
    assert not (await nobody(world).send("GET", "/franceconnect/providers")).body["enabled"]
    assert landed((await Visitor.new(world, cast.victim).enter()).headers) == HOME
    say("F24", f"{outage}: a page within {slowest:.2f} s, code log-in {median(before):.2f} → {median(during):.2f} s")


async def _code_log_in(owner: Settled) -> float:
    started = time.monotonic()
    await owner.device.call("DELETE", "/sessions/current")
    (await owner.device.call("POST", "/sessions", owner.typed)).expect(200)
    return time.monotonic() - started


async def _timed(visitor: Visitor) -> tuple[Reply, float]:
    started = time.monotonic()
    return await visitor.come_back(), time.monotonic() - started


async def test_a_provider_that_is_gone_is_a_page_and_comes_back_as_it_was(world: World, cast: Cast) -> None:
    visitor = await Visitor.new(world, cast.victim).sign_in()
    gone = stack.kill(world.data, "idp")
    assert (await visitor.come_back()).headers["location"] == AWAY
    await _code_log_in(cast.owner)
    await stack.restarted(world.data, "idp", gone)
    await idp.remember(world.data, world.stack.idp)
    assert landed((await Visitor.new(world, cast.victim).enter()).headers) == HOME


@pytest.mark.parametrize("algorithm", KEYS)
async def test_new_keys_are_fetched_once_in_ten_seconds(world: World, cast: Cast, algorithm: str) -> None:
    async with aiohttp.ClientSession() as http:

        async def fetches() -> int:
            async with http.get(f"{world.stack.idp}/calls") as calls:
                return int((await calls.json()).get("jwks", 0))

        before, started, refused = await fetches(), time.monotonic(), 0
        async with http.post(f"{world.stack.idp}/keys", json={"alg": algorithm, "keep": False}):
            pass

        async def accepted() -> bool:
            nonlocal refused
            reply = await Visitor.new(world, cast.victim).enter()
            refused += reply.headers["location"] == REFUSED
            return landed(reply.headers) == HOME

        await seen(accepted, "a log-in signed with the new key", within=BETWEEN_FETCHES + 5)
        for _ in range(5):
            visitor = await Visitor.new(world, cast.victim).sign_in()
            async with fault(world, "id-token/unknown-kid"):
                assert not opened(await visitor.come_back())
        lasted = time.monotonic() - started
        fetched = await fetches() - before
    assert fetched <= 1 + lasted / BETWEEN_FETCHES
    say("F24", f"{algorithm}: accepted after {refused} refusals, {fetched} fetches in {lasted:.1f} s")
