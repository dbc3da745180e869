"""A new device, a known one and passkeys through the API; and how a browser leaves without a trace."""

from typing import Any

import httpx
import pytest

from services.gateway.api.portal_info import DIRECTORY
from services.gateway.domain.capabilities import PREFIX
from tests.integration.gateway.stub import DEVICE, SESSION, TICKET
from tests.integration.gateway.test_sessions import HOME, LOG_IN
from tests.integration.gateway.world import World, cookies_of

SESSIONS, CHALLENGE, PASSKEYS = f"{PREFIX}/sessions", f"{PREFIX}/sessions/challenges/c-1", f"{PREFIX}/sessions/passkeys"
ANSWER = {"code": "123456", "client_id": "web"}
ASSERTION = {"ceremony_id": "k-1", "credential": {"id": "AA", "response": {}}, "client_id": "web"}
CHALLENGED = {"challenge_id": "c-1", "expires_in": 600, "message": "Un code part.", "spam_hint": "Voyez les spams."}
GONE = {"__Host-access", "__Host-refresh"}
LOGOUT = "https://fc.exemple.invalid/api/v2/session/end?id_token_hint=e30.e30.AA&state=s%2F1"


def attributes(cookie: str) -> set[str]:
    """The attributes of one Set-Cookie header."""
    return {part.strip().lower() for part in cookie.split(";")[1:]}


def removed(answer: httpx.Response) -> set[str]:
    """The cookies that an answer removes."""
    return {name for name, cookie in cookies_of(answer).items() if "max-age=0" in attributes(cookie)}


async def test_a_new_device_is_challenged_and_gets_nothing_yet(gateway: World) -> None:
    gateway.services.will_answer("POST", "/sessions", CHALLENGED, status=202)
    answer = await gateway.browser("").post(SESSIONS, json=LOG_IN)
    told = {**CHALLENGED, "contact": DIRECTORY.general.model_dump()}
    assert (answer.status_code, answer.json()) == (202, told)
    assert cookies_of(answer) == {}


@pytest.mark.parametrize(("path", "sent"), [(SESSIONS, LOG_IN), (CHALLENGE, ANSWER), (PASSKEYS, ASSERTION)])
async def test_every_way_in_gives_a_browser_cookies_and_an_application_its_tokens(
    gateway: World, path: str, sent: dict[str, Any]
) -> None:
    answer = await gateway.browser("").post(path, json=sent)
    assert answer.json() == {"expires_in": 300, "code_change_required": False}
    cookies = cookies_of(answer)
    assert set(cookies) == {"__Host-access", "__Host-refresh", "__Host-device"}
    for cookie in cookies.values():
        assert attributes(cookie) >= {"httponly", "secure", "samesite=lax", "path=/"}
    assert "max-age=2592000" in attributes(cookies["__Host-device"])

    answer = await gateway.client().post(path, json={**sent, "client_id": "android"})
    assert {"access_token", "refresh_token", "device_token"} <= answer.json().keys()
    assert cookies_of(answer) == {}


@pytest.mark.parametrize(("path", "sent"), [(SESSIONS, LOG_IN), (CHALLENGE, ANSWER), (PASSKEYS, ASSERTION)])
async def test_a_refusal_passes_unchanged_by_every_way(gateway: World, path: str, sent: dict[str, Any]) -> None:
    refusal = {"type": "/problems/invalid-credentials", "status": 401}
    gateway.services.will_answer("POST", path.removeprefix(PREFIX), refusal, status=401)
    answer = await gateway.browser("").post(path, json=sent)
    assert (answer.status_code, answer.json(), cookies_of(answer)) == (401, refusal, {})


@pytest.mark.parametrize(("path", "sent"), [(SESSIONS, LOG_IN), (PASSKEYS, ASSERTION)])
async def test_a_browser_is_known_by_its_cookie_and_no_script_can_say_otherwise(
    gateway: World, path: str, sent: dict[str, Any]
) -> None:
    browser = gateway.browser("")
    await browser.post(path, json={**sent, "device_token": "of-a-script"})
    browser.cookies.set("__Host-device", "of-the-cookie")
    await browser.post(path, json={**sent, "device_token": "of-a-script"})

    first, second = gateway.services.asked(path.removeprefix(PREFIX))
    assert first == sent
    assert second == {**sent, "device_token": "of-the-cookie"}


async def test_a_forgotten_code_is_asked_for_on_the_device_that_a_browsers_cookie_names(gateway: World) -> None:
    path, asked = f"{PREFIX}/code-resets", {"nir": "285032999090195", "birth_date": "1985-03-14"}
    browser = gateway.browser("")
    await browser.post(path, json=asked)
    browser.cookies.set("__Host-device", "of-the-cookie")
    await browser.post(path, json={**asked, "device_token": "of-a-script"})
    await gateway.client().post(path, json={**asked, "device_token": "of-the-application"})
    assert [sent.get("device_token") for sent in gateway.services.asked("/code-resets")] == [
        None,
        "of-the-cookie",
        "of-the-application",
    ]


async def test_an_application_sends_its_device_token_itself_and_no_cookie_counts(gateway: World) -> None:
    known = gateway.services.token(kind="device+jwt", dev=str(DEVICE))
    client = gateway.client()
    client.cookies.set("__Host-device", "of-a-cookie")
    await client.post(SESSIONS, json={**LOG_IN, "client_id": "ios", "device_token": known})
    assert gateway.services.asked("/sessions") == [{**LOG_IN, "client_id": "ios", "device_token": known}]


async def test_a_device_outlives_the_session(gateway: World) -> None:
    browser = gateway.browser("")
    await browser.post(SESSIONS, json=LOG_IN)
    answer = await browser.delete(f"{SESSIONS}/current")
    assert removed(answer) == GONE
    assert "__Host-device" in browser.cookies


async def test_an_answer_without_tokens_gives_no_cookies(gateway: World) -> None:
    gateway.services.will_answer("POST", "/sessions", {"said": "otherwise"})
    answer = await gateway.browser("").post(SESSIONS, json=LOG_IN)
    assert (answer.status_code, cookies_of(answer)) == (200, {})


async def test_logging_out_everywhere_leaves_nothing_in_this_browser(gateway: World) -> None:
    browser = gateway.browser()
    answer = await browser.delete(SESSIONS)
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert removed(answer) == GONE
    assert gateway.services.seen[-1].claims["sid"] == str(SESSION)
    assert (await gateway.phone().get(HOME)).status_code == 401

    gateway.services.will_answer("DELETE", "/sessions", {}, status=503)
    another = gateway.browser(gateway.services.token(sid=str(DEVICE)))
    assert "clear-site-data" not in (await another.delete(SESSIONS)).headers
    assert (await another.get(HOME)).status_code == 200


@pytest.mark.parametrize("path", [f"{SESSIONS}/current", SESSIONS])
async def test_a_session_that_franceconnect_opened_ends_there_as_well(gateway: World, path: str) -> None:
    gateway.services.will_end("session", logout_url=LOGOUT)
    browser = gateway.browser("")
    browser.cookies.set("__Host-franceconnect", TICKET)
    await browser.get(f"{PREFIX}/franceconnect/callback?state=s-1&code=c-1")
    browser.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    refreshed = await browser.post(f"{SESSIONS}/refresh")
    assert "max-age=1800" in attributes(cookies_of(refreshed)["__Host-franceconnect-logout"])

    answer = await browser.delete(path)

    assert (answer.status_code, answer.json()) == (200, {"continue_at": LOGOUT})
    assert answer.headers["x-read-after"] == "identity=3"
    assert "cache" in answer.headers["clear-site-data"]
    assert removed(answer) == {*GONE, "__Host-franceconnect-logout"}


async def test_an_application_that_leaves_is_told_nothing_of_a_browsers_cookie(gateway: World) -> None:
    phone = gateway.phone()
    phone.cookies.set("__Host-franceconnect-logout", LOGOUT)
    assert (await phone.delete(f"{SESSIONS}/current")).status_code == 204
