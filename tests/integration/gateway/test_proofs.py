"""Beyond a network's own budget by a proof of work, and under a ceiling that holds everybody of it together (A2)."""

import asyncio
import base64
import hashlib
import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from altcha import Challenge, Payload, Solution, solve_challenge, verify_solution

from chassis.clock import now
from services.gateway.proofs import GOOD_FOR, PROOFS, Proofs
from services.gateway.settings import Settings
from tests.integration.gateway.test_limits import ACCOUNTS, LOG_IN, SESSIONS, caller, limited
from tests.integration.gateway.world import World

RESETS = "/api/v1/code-resets"
ROUTE = "POST /sessions"
FEW = {ROUTE: {"network": "1/300", "proof": "3/300", "ceiling": "6/300", "device": "9/300"}}
CHEAP = "1"


def solved(challenge: dict[str, Any]) -> str:
    """The value of the header that answers a challenge."""
    given = Challenge.from_dict(challenge)
    found = solve_challenge(given)
    assert found is not None
    return Payload(given, found).to_base64()


async def log_in(client: httpx.AsyncClient, proof: str | None = None, **said: Any) -> httpx.Response:
    """One try."""
    headers = {"x-altcha": proof} if proof else {}
    return await client.post(SESSIONS, json={**LOG_IN, **said}, headers=headers)


async def challenged(client: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    """The challenge of somebody whose network has used up its own budget."""
    refused = await log_in(client, **said)
    assert refused.status_code == 429
    challenge: dict[str, Any] = refused.json()["proof_of_work"]
    return challenge


async def test_a_solved_challenge_opens_a_network_whose_budget_is_used_up_once(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        assert (await log_in(here)).status_code == 200
        proof = solved(await challenged(here))

        paid = await log_in(here, proof)
        assert (paid.status_code, paid.headers["ratelimit-policy"]) == (200, '"proof";q=3;w=300')
        assert paid.headers["ratelimit"].startswith('"proof";r=2;t=')

        again = await log_in(here, proof)
        assert (again.status_code, again.headers["ratelimit-policy"]) == (429, '"network";q=1;w=300')
        fresh = again.json()["proof_of_work"]
        assert fresh["parameters"]["nonce"] != Payload.from_base64(proof).challenge.parameters.nonce
        assert (await log_in(here, solved(fresh))).status_code == 200
        assert len(gateway.services.asked("/sessions")) == 3


async def test_a_solution_longer_than_any_is_refused_also_where_none_is_needed(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        refused = await log_in(caller(gateway, "203.0.113.7"), "x" * 2001)
        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")


async def test_of_many_at_once_with_one_solution_on_two_replicas_one_is_let_in(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        again = await gateway.restarted()
        first, second = caller(gateway, "203.0.113.7"), caller(again, "203.0.113.7")
        await log_in(first)
        proof = solved(await challenged(second))
        answers = await asyncio.gather(*(log_in((first, second)[n % 2], proof) for n in range(10)))
        assert sorted(each.status_code for each in answers) == [200, *[429] * 9]
        await again.close()


async def test_no_work_leads_beyond_the_second_budget_nor_any_device_beyond_the_ceiling(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        await log_in(here)
        for _ in range(3):
            assert (await log_in(here, solved(await challenged(here)))).status_code == 200
        spent = await log_in(here, solved(await challenged(here)))
        assert (spent.status_code, spent.headers["ratelimit-policy"]) == (429, '"proof";q=3;w=300')
        assert "proof_of_work" not in spent.json()

        devices = [gateway.services.token(kind="device+jwt", dev=str(uuid4())) for _ in range(3)]
        answers = [await log_in(here, device_token=each) for each in devices]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert [each.headers["ratelimit"][:13] for each in answers[:2]] == ['"ceiling";r=1', '"ceiling";r=0']
        assert answers[2].headers["ratelimit-policy"] == '"ceiling";q=6;w=300'
        assert "proof_of_work" not in answers[2].json()
        assert int(answers[2].headers["retry-after"]) > 0

        elsewhere = caller(gateway, "198.51.100.7")
        assert (await log_in(elsewhere, device_token=devices[2])).status_code == 200


async def test_who_is_refused_below_the_ceiling_uses_nothing_of_it_up(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        await log_in(here)
        for _ in range(10):
            await challenged(here)
        device = gateway.services.token(kind="device+jwt", dev=str(uuid4()))
        for _ in range(5):
            assert (await log_in(here, device_token=device)).status_code == 200


async def test_a_known_device_that_asks_too_often_waits(mongodb_url: str) -> None:
    async with limited(mongodb_url, {ROUTE: {"device": "1/300"}}, proof_cost=CHEAP) as gateway:
        device = gateway.services.token(kind="device+jwt", dev=str(uuid4()))
        await log_in(gateway.client(), device_token=device)
        refused = await log_in(gateway.client(), device_token=device)
        assert (refused.status_code, refused.headers["ratelimit-policy"]) == (429, '"device";q=1;w=300')
        assert "proof_of_work" not in refused.json()


async def test_creations_and_resets_are_led_on_as_well_and_no_proof_of_one_route_serves_another(
    mongodb_url: str,
) -> None:
    tight = {name: {"network": "1/3600"} for name in ("POST /accounts", "POST /code-resets")}
    async with limited(mongodb_url, {**tight, **FEW}, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        await log_in(here)
        of_log_in = solved(await challenged(here))
        for path in (ACCOUNTS, RESETS):
            assert (await here.post(path, json={})).status_code == 200
            refused = await here.post(path, json={}, headers={"x-altcha": of_log_in})
            assert refused.status_code == 429
            paid = await here.post(path, json={}, headers={"x-altcha": solved(refused.json()["proof_of_work"])})
            assert (paid.status_code, paid.headers["ratelimit-policy"][:8]) == (200, '"proof";')
        assert (await log_in(here, of_log_in)).status_code == 200


async def test_a_proof_is_not_looked_at_while_the_own_budget_lasts(mongodb_url: str) -> None:
    async with limited(mongodb_url, {ROUTE: {"network": "2/300"}}, proof_cost=CHEAP) as gateway:
        proofs: Proofs = gateway.app.state.edge.rates.proofs
        proof = solved(dict(proofs.challenge(ROUTE)))
        for _ in range(2):
            answer = await log_in(gateway.client(), proof)
            assert answer.headers["ratelimit-policy"].startswith('"network"')
        assert (await log_in(gateway.client(), proof)).status_code == 200
        assert (await log_in(gateway.client(), proof)).status_code == 429


def changed(challenge: dict[str, Any], **but: Any) -> dict[str, Any]:
    """The challenge with other parameters under the same signature."""
    return {**challenge, "parameters": {**challenge["parameters"], **but}}


def claimed(challenge: dict[str, Any], **solution: Any) -> str:
    """Any text at all, as the header carries it."""
    return base64.b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()


async def test_what_is_no_solution_gets_the_same_refusal_and_a_fresh_challenge(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        here = caller(gateway, "203.0.113.7")
        await log_in(here)
        challenge = await challenged(here)
        good = Payload.from_base64(solved(challenge))
        right = good.solution.to_dict()
        soon = int(time.time()) + 10**6
        forged = [
            claimed(challenge, counter=good.solution.counter, derivedKey="00" * 32),
            claimed(challenge, counter=good.solution.counter + 1, derivedKey=good.solution.derived_key),
            claimed(challenge, counter=-1, derivedKey=good.solution.derived_key),
            claimed(challenge, counter={"$gt": 0}, derivedKey=good.solution.derived_key),
            claimed(challenge),
            claimed(changed(challenge, keyPrefix=""), **right),
            claimed(changed(challenge, expiresAt=soon), **right),
            claimed(changed(challenge, data={"route": "POST /accounts"}), **right),
            claimed(changed(challenge, data=None), **right),
            claimed({"parameters": challenge["parameters"]}, **right),
            claimed({"parameters": challenge["parameters"], "signature": "0" * 64}, **right),
            claimed([1, 2], **right),  # type: ignore[arg-type]
            base64.b64encode(b"[" * 1400).decode(),
            base64.b64encode(b"null").decode(),
            "x",
            "====",
            "A" * 2000,
        ]
        nonces = set()
        for each in forged:
            refused = await log_in(here, each)
            assert (refused.status_code, refused.headers["ratelimit-policy"]) == (429, '"network";q=1;w=300'), each
            nonces.add(refused.json()["proof_of_work"]["parameters"]["nonce"])
        assert len(nonces) == len(forged)
        assert (await log_in(here, good.to_base64())).status_code == 200


async def test_a_challenge_is_over_after_five_minutes(mongodb_url: str) -> None:
    async with limited(mongodb_url, FEW, proof_cost=CHEAP) as gateway:
        database, secret = gateway.app.state.service.database, "s"
        five_minutes_ago = Proofs(database, secret, 1, now=lambda: now() - GOOD_FOR - timedelta(seconds=2))
        late, today = solved(dict(five_minutes_ago.challenge(ROUTE))), Proofs(database, secret, 1)
        assert not await today.take(late, ROUTE)
        in_time = solved(dict(today.challenge(ROUTE)))
        assert not await Proofs(database, "another secret", 1).take(in_time, ROUTE)
        assert not await today.take(in_time, "POST /accounts")
        assert await today.take(in_time, ROUTE)
        assert not await today.take(in_time, ROUTE)


async def test_what_was_solved_is_remembered_for_longer_than_it_could_be_sent_again(gateway: World) -> None:
    database = gateway.app.state.service.database
    proofs = Proofs(database, "s", 1)
    proof = solved(dict(proofs.challenge(ROUTE)))
    assert await proofs.take(proof, ROUTE)
    [kept] = await database[PROOFS].find({})
    assert set(kept) == {"_id", "expires_at"}
    until: datetime = kept["expires_at"]
    assert until > now() + GOOD_FOR + timedelta(minutes=1)


def test_a_solution_is_checked_at_the_price_of_one_try_and_asked_for_at_nearly_none(gateway: World) -> None:
    cost = Settings.model_fields["proof_cost"].default
    proofs = Proofs(gateway.app.state.service.database, "s", cost)
    asked = best(lambda: proofs.challenge(ROUTE))
    given = Challenge.from_dict(dict(proofs.challenge(ROUTE)))
    payload = Payload(given, Solution(1, "00" * 32))
    checked = best(lambda: verify_solution(payload, "s"))
    one_try = best(lambda: hashlib.pbkdf2_hmac("sha256", b"counter", b"salt", cost))
    assert asked < one_try / 4
    assert checked < one_try * 3


def best(work: Any) -> float:
    """The fastest of ten, in seconds: what it costs when nobody else wants the processor."""
    taken = []
    for _ in range(10):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)
