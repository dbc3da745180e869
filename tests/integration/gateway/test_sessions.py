"""Sessions through the API: tokens, cookies, and everything that must not open anything."""

import asyncio
import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import now
from contracts.identity import SessionRevoked
from contracts.problems import Unauthenticated
from services.gateway.domain.capabilities import CAPABILITIES, Access
from tests import infra
from tests.integration.gateway.stub import SESSION, another_key
from tests.integration.gateway.world import SITE, World, cookies_of, world
from tests.unit.gateway.builders import LUCIE

HOME = "/api/v1/home"
LOG_IN = {"nir": "2850329990901", "code": "4711", "client_id": "web"}


async def test_a_browser_gets_cookies_and_no_token(gateway: World) -> None:
    answer = await gateway.browser("").post("/api/v1/sessions", json=LOG_IN)

    assert answer.json() == {"expires_in": 300, "code_change_required": False}
    assert answer.headers["x-read-after"] == "identity=2"
    assert "x-secret" not in answer.headers
    cookies = cookies_of(answer)
    assert set(cookies) == {"__Host-access", "__Host-refresh", "__Host-device"}
    for attributes in cookies.values():
        parts = {part.strip().lower() for part in attributes.split(";")[1:]}
        assert parts >= {"httponly", "secure", "samesite=lax", "path=/"}
        assert not any(part.startswith("domain") for part in parts)


async def test_an_application_gets_its_tokens_in_the_body(gateway: World) -> None:
    answer = await gateway.client().post("/api/v1/sessions", json={**LOG_IN, "client_id": "android"})
    assert set(answer.json()) == {
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_expires_in",
        "code_change_required",
        "device_token",
        "device_expires_in",
    }
    assert cookies_of(answer) == {}
    assert (await gateway.phone(answer.json()["access_token"]).get(HOME)).status_code == 200


async def test_without_secure_cookies_they_have_no_prefix(mongodb_url: str) -> None:
    async with world(mongodb_url, secure_cookies="false") as plain:
        cookies = cookies_of(await plain.browser("").post("/api/v1/sessions", json=LOG_IN))
        assert set(cookies) == {"access", "refresh", "device"}
        assert not any("secure" in attributes.lower().replace(" ", "").split(";") for attributes in cookies.values())


async def test_a_refused_log_in_passes_unchanged(gateway: World) -> None:
    from aiohttp import web  # noqa: PLC0415

    refusal = {"type": "/problems/invalid-credentials", "status": 401, "trace_id": "t"}
    gateway.services.answers["POST", "/sessions"] = web.json_response(
        refusal, status=401, content_type="application/problem+json"
    )
    answer = await gateway.browser("").post("/api/v1/sessions", json=LOG_IN)
    assert (answer.status_code, answer.json()) == (401, refusal)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert cookies_of(answer) == {}


async def test_a_browser_goes_on_with_its_cookie_and_an_application_with_its_body(gateway: World) -> None:
    browser = gateway.browser()
    browser.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    answer = await browser.post("/api/v1/sessions/refresh", headers={"idempotency-key": "sent-again-if-lost"})
    assert gateway.services.seen[-1].headers["idempotency-key"] == "sent-again-if-lost"
    assert set(cookies_of(answer)) >= {"__Host-access", "__Host-refresh"}
    assert json.loads(gateway.services.seen[-1].body) == {"refresh_token": "refresh-token-of-lucie"}

    answer = await gateway.client().post("/api/v1/sessions/refresh", json={"refresh_token": "token-of-the-app"})
    assert "access_token" in answer.json()
    assert (await gateway.client().post("/api/v1/sessions/refresh")).status_code == 401


async def test_a_refresh_that_is_refused_takes_the_cookies_back(gateway: World) -> None:
    from aiohttp import web  # noqa: PLC0415

    gateway.services.answers["POST", "/sessions/refresh"] = web.json_response({}, status=401)
    browser = gateway.browser()
    browser.cookies.set("__Host-refresh", "used-twice")
    cookies = cookies_of(await browser.post("/api/v1/sessions/refresh"))
    assert all("Max-Age=0" in attributes for attributes in cookies.values())
    assert len(cookies) == 2


async def test_after_choosing_a_code_a_browser_goes_on_to_its_full_session(gateway: World) -> None:
    browser = gateway.browser(gateway.services.token(scope="code-change"))
    browser.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    assert (await browser.get(HOME)).json()["type"] == "/problems/code-change-required"

    answer = await browser.put("/api/v1/me/code", json={"new_code": "271828"})

    assert answer.status_code == 204
    assert answer.headers["x-read-after"] == "identity=3"
    assert cookies_of(answer) == {}
    assert (await browser.post("/api/v1/sessions/refresh")).status_code == 200
    assert (await browser.get(HOME)).status_code == 200


async def test_a_revoked_session_is_refused_within_five_seconds(gateway: World) -> None:
    phone = gateway.phone()
    assert (await phone.get(HOME)).status_code == 200
    await gateway.hear(SessionRevoked(person_id=LUCIE, session_ids=(SESSION,), revoked_at=now()), 1)
    following = asyncio.create_task(gateway.tokens.follow_revoked(gateway.work))

    async def refused() -> bool:
        return (await phone.get(HOME)).status_code == 401

    await infra.until(refused, "the revoked session is refused", within=5)
    following.cancel()


TOKENS: dict[str, Callable[[World], str]] = {
    "nothing": lambda _: "",
    "no token": lambda _: "x",
    "expired": lambda world: world.services.token(life=-60),
    "for somebody else": lambda world: world.services.token(audience="procedures"),
    "of another kind": lambda world: world.services.token(kind="internal+jwt"),
    "without a session": lambda world: world.services.token(sid=""),
    "of no channel": lambda world: world.services.token(channel="fax"),
    "signed by nobody we know": lambda world: world.services.token(key=another_key("identity-1")),
    "unsigned": lambda world: _unsigned(world.services.token()),
    "too long": lambda world: world.services.token(more="x" * 5000),
}


@pytest.mark.parametrize("kind", TOKENS)
async def test_a_token_that_is_not_right_opens_nothing(gateway: World, kind: str) -> None:
    token = TOKENS[kind](gateway)
    for answer in (await gateway.browser(token).get(HOME), await gateway.phone(token).get(HOME)):
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt","kid":"identity-1"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


async def test_a_token_of_one_channel_does_not_come_by_the_other_way(gateway: World) -> None:
    assert (await gateway.browser(gateway.services.token(channel="app")).get(HOME)).status_code == 401
    assert (await gateway.phone(gateway.services.token(channel="web")).get(HOME)).status_code == 401


async def test_keys_outlive_a_restart_and_a_new_key_is_asked_for_once_in_ten_seconds(gateway: World) -> None:
    old = gateway.services.token()
    await gateway.tokens.read(old)
    again = await gateway.restarted()
    gateway.services.signing_key = another_key("identity-2")

    assert (await again.tokens.read(old)).person_id == LUCIE
    assert (await again.tokens.read(gateway.services.token())).person_id == LUCIE
    strange = gateway.services.token(key=another_key("identity-3"))
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await again.tokens.read(strange)

    assert [each.path for each in gateway.services.seen] == ["/jwks", "/jwks"]
    await again.close()


async def test_a_read_token_is_not_verified_again_but_still_expires(gateway: World) -> None:
    token = gateway.services.token()
    session = await gateway.tokens.read(token)
    assert await gateway.tokens.read(token) is session
    gateway.tokens._now = lambda: now() + timedelta(minutes=6)
    with pytest.raises(Unauthenticated):
        await gateway.tokens.read(token)


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        ("https://autre.invalid", "cross-site"),
        ("https://autre.invalid", ""),
        ("null", "cross-site"),
        (SITE, "cross-site"),
        ("", "same-site"),
        ("", ""),
    ],
)
async def test_another_site_can_change_nothing_in_a_browsers_name(gateway: World, origin: str, fetch_site: str) -> None:
    client = gateway.browser()
    client.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    del client.headers["origin"], client.headers["sec-fetch-site"]
    said = {name: value for name, value in (("origin", origin), ("sec-fetch-site", fetch_site)) if value}
    for each in CAPABILITIES:
        if each.method != "GET":
            path = re.sub(r"{[a-z_]+}", str(SESSION), each.public_path)
            body = {} if each.method == "DELETE" else {"json": LOG_IN}
            answer = await client.request(each.method, path, headers=said, **body)  # type: ignore[arg-type]
            assert answer.json()["type"] == "/problems/cross-site-request", each.path
    assert gateway.services.seen == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_of_another_site_is_refused(gateway: World, kind: str) -> None:
    answer = await gateway.browser().post(
        "/api/v1/requests", content=b'{"kind":"vitale-card-order"}', headers={"content-type": kind}
    )
    assert answer.status_code == 415
    assert gateway.services.seen == []


async def test_every_route_asks_for_what_the_table_says(gateway: World) -> None:
    for each in CAPABILITIES:
        provisional = gateway.services.token(scope="code-change", sid=str(uuid4()))
        path = re.sub(r"{[a-z_]+}", "1", each.public_path)
        nobody = await gateway.browser("").request(each.method, path)
        newcomer = await gateway.browser(provisional).request(each.method, path)
        if each.access is not Access.PUBLIC:
            assert nobody.status_code == 401, path
        assert (newcomer.status_code == 403) is (each.access is Access.SESSION), path
