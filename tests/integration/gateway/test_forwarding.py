"""What a service behind receives, and what comes back of it."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from chassis.auth import LIFE
from contracts.problems import Unavailable
from services.gateway.domain.breaker import FAILURES
from services.gateway.domain.calls import Call
from tests.integration.gateway.stub import SESSION
from tests.integration.gateway.world import World, world
from tests.unit.gateway.builders import LUCIE

SPOOFED = {
    "x-user-id": "1",
    "x-person-id": "1",
    "x-account-id": "1",
    "x-forwarded-for": "10.0.0.1",
    "x-forwarded-host": "autre.invalid",
    "forwarded": "for=10.0.0.1",
    "baggage": "person=1",
    "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
    "x-channel": "app",
    "cookie": "__Host-access=x",
}


async def test_a_service_gets_the_body_language_and_key_and_a_token_of_ours(gateway: World) -> None:
    body = b'{ "kind" : "vitale-card-order" }'
    answer = await gateway.browser(**{"accept-language": "en", "idempotency-key": "click-0001"}).post(
        "/api/v1/requests", content=body, headers={"content-type": "application/json"}
    )

    [seen] = [each for each in gateway.services.seen if each.service == "procedures"]
    assert answer.status_code == 200
    assert (seen.method, seen.path, seen.body) == ("POST", "/requests", body)
    assert seen.headers["accept-language"] == "en"
    assert seen.headers["idempotency-key"] == "click-0001"
    assert seen.claims["exp"] - seen.claims["iat"] == LIFE
    assert {name: seen.claims[name] for name in ("sub", "sid", "channel", "aud", "iss")} == {
        "sub": str(LUCIE),
        "sid": str(SESSION),
        "channel": "web",
        "aud": "procedures",
        "iss": "gateway",
    }


async def test_a_form_that_is_asked_for_passes_and_its_name_comes_back(gateway: World) -> None:
    named = {"content-type": "text/csv", "content-disposition": 'attachment; filename="a.csv"'}
    gateway.services.answers["GET", "/me/access-log"] = web.Response(body=b"a;b", headers=named)
    answer = await gateway.browser(accept="text/csv").get("/api/v1/me/access-log")
    [seen] = [each for each in gateway.services.seen if each.path == "/me/access-log"]
    assert seen.headers["accept"] == "text/csv"
    assert (answer.content, {name: answer.headers[name] for name in named}) == (b"a;b", named)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_caller_without_session_is_nobody(gateway: World) -> None:
    await gateway.client().post("/api/v1/accounts", json={"nir": "1"})
    [seen] = gateway.services.seen
    assert "sub" not in seen.claims
    assert seen.claims["channel"] == "anonymous"


async def test_what_a_caller_says_of_itself_does_not_pass(gateway: World) -> None:
    await gateway.phone(**SPOOFED).get("/api/v1/payments")
    [seen] = [each for each in gateway.services.seen if each.service == "payments"]
    assert not {"cookie", "x-channel", "baggage", "forwarded"} & seen.headers.keys()
    assert not [name for name in seen.headers if name.startswith(("x-user", "x-person", "x-account", "x-forwarded"))]
    assert "a" * 32 not in seen.headers.get("traceparent", "")
    assert seen.claims["channel"] == "app"


async def test_a_signed_report_passes_byte_for_byte_with_its_signature_and_nobodys_name(gateway: World) -> None:
    body = b'{ "kind" : "bounce",\n"message_id":"<a@exemple.invalid>" }'
    said = {"content-type": "application/json", "x-report-signature": "t=1,v1=" + "a" * 64}
    refusal = b'{"type":"/problems/report-refused","status":401}'
    gateway.services.answers["POST", "/mail-reports"] = web.Response(
        body=refusal, status=401, content_type="application/problem+json"
    )
    answer = await gateway.client().post("/api/v1/mail-reports", content=body, headers=said)
    [seen] = gateway.services.seen
    assert (seen.service, seen.path, seen.body) == ("notifications", "/mail-reports", body)
    assert seen.headers["x-report-signature"] == said["x-report-signature"]
    assert "sub" not in seen.claims
    assert (answer.status_code, answer.content) == (401, refusal)
    assert answer.headers["ratelimit-policy"] == '"network";q=600;w=60'


async def test_a_signature_passes_to_nobody_else(gateway: World) -> None:
    await gateway.client(**{"x-report-signature": "t=1,v1=0"}).post("/api/v1/accounts", json={"nir": "1"})
    [seen] = gateway.services.seen
    assert "x-report-signature" not in seen.headers


async def test_a_report_from_a_page_or_too_large_goes_nowhere(gateway: World) -> None:
    elsewhere = gateway.client(origin="https://autre.invalid")
    report = {"message_id": "<a@exemple.invalid>", "kind": "bounce"}
    assert (await elsewhere.post("/api/v1/mail-reports", json=report)).status_code == 403
    large = await gateway.client().post("/api/v1/mail-reports", json={**report, "kind": "x" * 70_000})
    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
    assert gateway.services.seen == []


async def test_a_query_and_an_id_pass_as_they_are(gateway: World) -> None:
    phone = gateway.phone()
    await phone.get("/api/v1/payments?from=2026-11-01&beneficiary=Zo%C3%A9%20EXEMPLE&cursor=a%2Fb")
    await phone.get("/api/v1/payments/0190a000-0000-7000-8000-000000000001")
    paths = [each.path for each in gateway.services.seen if each.service == "payments"]
    assert paths[0].startswith("/payments?from=2026-11-01&beneficiary=Zo")
    assert paths[1] == "/payments/0190a000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "..%2f..%2fjwks", "a%00b", "a%0d%0ab", "x" * 65, "%E2%80%AE", "a.b", "$ne"]
)
async def test_what_cannot_be_an_id_is_not_found_and_goes_nowhere(gateway: World, name: str) -> None:
    answer = await gateway.phone().get(f"/api/v1/payments/{name}")
    assert answer.status_code in {404, 405}
    assert not [each for each in gateway.services.seen if each.service == "payments" and each.path != "/payments"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/sessions", b"{"),
        ("POST", "/api/v1/sessions", b'{"client_id":"web","client_id":"ios"}'),
        ("POST", "/api/v1/sessions", b'{"nir": NaN}'),
        ("POST", "/api/v1/sessions", b'"\\ud800"'),
        ("POST", "/api/v1/accounts", b"\xff"),
        ("POST", "/api/v1/accounts", b"[" * 10_000),
        ("PUT", "/api/v1/me/code", b'{"new_code": 9223372036854775808}'),
        ("POST", "/api/v1/requests", b'{"kind":"' + b"x" * 70_000 + b'"}'),
        ("GET", "/api/v1/accounts/prerequisites?channel=fax", b""),
        ("GET", "/api/v1/accounts/prerequisites?channel[$ne]=web", b""),
        ("DELETE", "/api/v1/home", b""),
        ("GET", "/api/v1/nothing", b""),
    ],
)
async def test_malformed_input_is_refused_here(gateway: World, method: str, path: str, body: bytes) -> None:
    answer = await gateway.browser().request(
        method, path, content=body, headers={"content-type": "application/json"} if body else {}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert gateway.services.seen == []


async def test_a_refusal_of_a_service_passes_unchanged(gateway: World) -> None:
    body = b'{"type":"/problems/order-already-in-progress","status":409,"request_id":"1"}'
    gateway.services.answers["POST", "/requests"] = web.Response(
        body=body,
        status=409,
        headers={"retry-after": "7", "x-read-after": "procedures=1", "server-timing": "db"},
        content_type="application/problem+json",
    )
    answer = await gateway.browser().post("/api/v1/requests", json={})
    assert (answer.status_code, answer.content) == (409, body)
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-read-after"] == "procedures=1"
    assert "server-timing" not in answer.headers


@pytest_asyncio.fixture
async def hurried(mongodb_url: str) -> AsyncIterator[World]:
    """A gateway that waits one second."""
    async with world(mongodb_url, upstream_deadline="PT1S") as built:
        yield built


async def test_a_service_that_hangs_is_a_503_in_time_and_then_at_once_while_others_answer(hurried: World) -> None:
    browser = hurried.browser()
    await browser.get("/api/v1/home")
    hurried.services.hanging = {"payments"}

    started = time.perf_counter()
    answers = await asyncio.gather(*(browser.get("/api/v1/payments") for _ in range(FAILURES)))
    assert time.perf_counter() - started < 1.5
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["retry-after"] == "2"
    assert answers[0].json()["type"] == "/problems/unavailable"

    asked = len(hurried.services.seen)
    started = time.perf_counter()
    assert (await browser.get("/api/v1/payments")).status_code == 503
    assert (await browser.get("/api/v1/requests")).status_code == 200
    assert (await browser.get("/api/v1/home")).status_code == 200
    assert time.perf_counter() - started < 1
    assert len(hurried.services.seen) == asked + 1


async def test_only_so_many_calls_wait_for_one_service(hurried: World) -> None:
    hurried.services.hanging = {"payments"}
    upstream = hurried.main["upstream"]
    upstream._limit = 2
    call = Call("payments", "GET", "/payments")
    waiting = [asyncio.create_task(upstream.call(call)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await upstream.call(call)
    assert (await upstream.call(Call("procedures", "GET", "/procedures"))).status == 200
    await asyncio.gather(*waiting, return_exceptions=True)
    assert upstream._under_way == dict.fromkeys(upstream._under_way, 0)


async def test_a_service_that_is_not_there_is_a_503(gateway: World) -> None:
    upstream = gateway.main["upstream"]
    upstream._addresses = {**upstream._addresses, "procedures": "http://127.0.0.1:1"}
    answer = await gateway.browser().get("/api/v1/requests")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
