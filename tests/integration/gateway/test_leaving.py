"""The end of a session, or of the account, through the API: what a browser is left with, and what it is told."""

import json
from uuid import uuid4

from tests.integration.gateway.stub import SESSION
from tests.integration.gateway.world import World, cookies_of

HOME = "/api/v1/home"


async def test_after_log_out_the_token_opens_nothing_at_once(gateway: World) -> None:
    browser, phone = gateway.browser(), gateway.phone()
    assert (await phone.get(HOME)).status_code == 200

    answer = await browser.delete("/api/v1/sessions/current")

    assert answer.status_code == 204
    assert "cache" in answer.headers["clear-site-data"]
    assert all("Max-Age=0" in attributes for attributes in cookies_of(answer).values())
    assert gateway.services.seen[-1].claims["sid"] == str(SESSION)
    assert (await phone.get(HOME)).status_code == 401


LOGGED_OUT_AT = "https://fc.exemple.invalid/session/end?id_token_hint=a.b.c&state=s-1&post_logout_redirect_uri=x"


async def test_a_closed_account_leaves_a_browser_nothing_and_an_application_no_session(gateway: World) -> None:
    browser, phone = gateway.browser(), gateway.phone(gateway.services.token(channel="app", sid=str(uuid4())))
    for client in (browser, phone):
        told = {"idempotency-key": "close-0001"}
        answer = await client.request("DELETE", "/api/v1/me", json={"current_code": "271828"}, headers=told)
        assert (answer.status_code, answer.content) == (204, b"")
        seen = gateway.services.seen[-1]
        assert (seen.service, seen.method, seen.path) == ("identity", "DELETE", "/me")
        assert (json.loads(seen.body), seen.headers["idempotency-key"]) == ({"current_code": "271828"}, "close-0001")
        assert (await client.get(HOME)).status_code == 401
        if client is browser:
            assert "storage" in answer.headers["clear-site-data"]
            assert {name: "Max-Age=0" in kept for name, kept in cookies_of(answer).items()} == {
                "__Host-access": True,
                "__Host-refresh": True,
            }


async def test_a_browser_that_franceconnect_let_in_ends_there_too_and_is_told_on_its_way_back(gateway: World) -> None:
    browser = gateway.browser()
    browser.cookies.set("__Host-franceconnect-logout", LOGGED_OUT_AT)
    answer = await browser.request("DELETE", "/api/v1/me", json={})
    assert answer.json() == {"continue_at": LOGGED_OUT_AT.replace("state=s-1", "state=compte-ferme.s-1")}
    assert "Max-Age=0" in cookies_of(answer)["__Host-franceconnect-logout"]


async def test_a_refused_closure_leaves_the_browser_logged_in(gateway: World) -> None:
    browser = gateway.browser()
    gateway.services.will_answer("DELETE", "/me", {"type": "/problems/invalid-input"}, status=422)
    answer = await browser.request("DELETE", "/api/v1/me", json={"current_code": "0000"})
    assert (answer.status_code, cookies_of(answer), "clear-site-data" in answer.headers) == (422, {}, False)
    assert (await browser.get(HOME)).status_code == 200


async def test_a_browser_whose_access_token_expired_can_still_log_out(gateway: World) -> None:
    browser = gateway.browser("")
    browser.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    assert (await browser.delete("/api/v1/sessions/current")).status_code == 204
    assert [each.path for each in gateway.services.seen][::2] == ["/sessions/refresh", "/sessions/current"]


async def test_a_log_out_that_could_not_be_carried_out_does_not_say_that_it_was(gateway: World) -> None:
    gateway.services.will_answer("POST", "/sessions/refresh", {"type": "/problems/unavailable"}, status=503)
    browser = gateway.browser("")
    browser.cookies.set("__Host-refresh", "refresh-token-of-lucie")
    key = {"idempotency-key": "one-log-out"}
    answer = await browser.delete("/api/v1/sessions/current", headers=key)
    assert (answer.status_code, cookies_of(answer)) == (503, {})
    assert (await browser.delete("/api/v1/sessions/current", headers=key)).status_code == 204
    asked = [each.headers["idempotency-key"] for each in gateway.services.seen if each.path == "/sessions/refresh"]
    assert asked == ["one-log-out", "one-log-out"]
