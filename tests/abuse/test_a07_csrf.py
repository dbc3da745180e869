"""A7: nothing that another site's page can send changes anything in a browser's name."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.demo.client import seen
from services.gateway.domain.capabilities import CAPABILITIES, Access, Capability
from tests.abuse.callers import Browser, all_of, nobody
from tests.abuse.operations import UNSAFE, body_of, filled, name_of
from tests.abuse.residents import Resident
from tests.world import World

ELSEWHERE: Mapping[str, Mapping[str, str | None]] = {
    "another site": {"origin": "https://autre.invalid", "sec-fetch-site": "cross-site"},
    "another site, an old browser": {"origin": "https://autre.invalid", "sec-fetch-site": None},
    "a sandbox": {"origin": "null", "sec-fetch-site": "cross-site"},
    "a site that begins alike": {"origin": "{origin}.autre.invalid", "sec-fetch-site": None},
    "our host at another port": {"origin": "http://127.0.0.1:1", "sec-fetch-site": "same-site"},
    "our host by another scheme": {"origin": "https://{host}", "sec-fetch-site": None},
    "our origin, from elsewhere": {"origin": "{origin}", "sec-fetch-site": "cross-site"},
    "a sibling": {"origin": None, "sec-fetch-site": "same-site"},
    "a bookmark": {"origin": None, "sec-fetch-site": "none"},
    "nothing at all": {"origin": None, "sec-fetch-site": None},
    "only a referrer": {"origin": None, "sec-fetch-site": None, "referer": "{origin}/accueil"},
}
FORMS = {
    "text/plain": b'{"kind":"vitale-card-order","x":"="}',
    "application/x-www-form-urlencoded": urlencode({"kind": "vitale-card-order"}).encode(),
    "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nx\r\n--x--\r\n',
    "application/json-patch+json": b"[]",
    "text/plain; x=application/json": b"{}",
    "": b"{}",
}
CHANGING = {
    "identity": ("accounts", "challenges", "devices", "email_changes", "federated", "passkeys", "sessions"),
    "payments": ("payments",),
    "procedures": ("requests",),
}
ENTRIES = [
    each for each in UNSAFE if each.access is Access.PUBLIC and each.path.startswith(("/sessions", "/franceconnect"))
]


def state(world: World) -> dict[str, Any]:
    """Everything that a command could have changed, how many mails there are, and how much was said."""
    found: dict[str, Any] = {"mails": world.database("notifications")["mails"].count_documents({})}
    for service, collections in CHANGING.items():
        database = world.database(service)
        found[service] = {name: sorted(map(str, database[name].find())) for name in collections}
        found[f"{service} said"] = database["outbox"].count_documents({})
    return found


async def settled(world: World) -> bool:
    """Whether nothing of before is still on its way."""
    before = await asyncio.to_thread(state, world)
    await asyncio.sleep(1)
    return await asyncio.to_thread(state, world) == before


@pytest.fixture(scope="module")
async def browser(residents: tuple[Resident, Resident]) -> Browser:
    """A browser in which the owner is logged in, and has looked at what a session notes once that it was looked at."""
    opened = await residents[0].browser()
    for path in ("/payments", "/requests", "/sessions"):
        assert (await opened.send("GET", path)).status == 200
    await seen(partial(settled, residents[0].world), "a quiet stack")
    return opened


@pytest.fixture(autouse=True)
async def unchanged(browser: Browser, owner: Resident, stranger: Resident) -> AsyncIterator[None]:
    """Nothing is changed by anything that is tried here, once both have the sessions that they need."""
    world = owner.world
    assert stranger.world is world
    before, held = await asyncio.to_thread(state, world), dict(browser.cookies)
    yield
    assert await asyncio.to_thread(state, world) == before
    assert browser.cookies == held


def said(browser: Browser, name: str) -> dict[str, str]:
    """What a browser says of where it is, when it is there; an empty text where it says nothing."""
    origin, host = browser.origin, browser.origin.rpartition("/")[2]
    named = ELSEWHERE[name].items()
    return {key: value.format(origin=origin, host=host) if value else "" for key, value in named}


async def from_elsewhere(browser: Browser, each: Capability, path: str, name: str, **more: Any) -> int:
    """The status of the call that a page which is elsewhere makes with the browser's cookies."""
    headers = {key.replace("-", "_"): value for key, value in said(browser, name).items()}
    present = {key: value for key, value in headers.items() if value}
    cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    reply = await browser.caller.send(each.method, path, cookie=cookies, **{**present, **more})
    assert not reply.cookies
    if reply.status == 403:
        assert reply.slug == "cross-site-request"
    return reply.status


def test_every_operation_that_changes_something_is_tried() -> None:
    assert {each.method for each in UNSAFE} == {"POST", "PUT", "DELETE"}
    assert {each.method for each in CAPABILITIES} - {each.method for each in UNSAFE} == {"GET"}
    assert len(ENTRIES) >= 6


@pytest.mark.parametrize("each", UNSAFE, ids=name_of)
async def test_a_page_of_another_site_is_refused(owner: Resident, browser: Browser, each: Capability) -> None:
    path, body = filled(each, owner.ids), body_of(each)

    async def refused(name: str) -> None:
        assert await from_elsewhere(browser, each, path, name, sent=body) == 403, name

    await all_of(refused, ELSEWHERE)


@pytest.mark.parametrize("each", UNSAFE, ids=name_of)
async def test_what_a_form_can_send_is_not_read(owner: Resident, browser: Browser, each: Capability) -> None:
    async def refused(kind: str) -> None:
        path, form = filled(each, owner.ids), {"raw": FORMS[kind], "kind": kind or None}
        for name in ("another site", "nothing at all"):
            assert await from_elsewhere(browser, each, path, name, **form) == 415, (kind, name)
        # Not from our own pages either: nothing but JSON is ever read.
        assert (await browser.send(each.method, path, **form)).status == 415

    await all_of(refused, FORMS)


@pytest.mark.parametrize("each", UNSAFE, ids=name_of)
async def test_no_other_method_does_the_same(owner: Resident, browser: Browser, each: Capability) -> None:
    path = filled(each, owner.ids)
    shared = {other.method for other in CAPABILITIES if filled(other, owner.ids) == path}
    query = urlencode({"_method": each.method, **{key: str(value) for key, value in (body_of(each) or {}).items()}})
    for method in {"GET", "HEAD", "OPTIONS", "PATCH", "PUT", "POST", "DELETE", "TRACE"} - shared:
        overridden = {"x_http_method_override": each.method, "x_method_override": each.method}
        reply = await browser.send(method, f"{path}?{query}", **overridden)
        assert reply.status in {403, 404, 405, 422}, method
    if "GET" in shared:
        assert (await browser.send("GET", path, x_http_method_override=each.method)).status in {200, 404}


@pytest.mark.parametrize("each", ENTRIES, ids=name_of)
async def test_nobody_is_logged_in_as_somebody_else(world: World, stranger: Resident, each: Capability) -> None:
    """Login CSRF: a page that knows the attacker's own code must not log the victim's browser in with it."""
    known = {"nir": stranger.person.nir, "code": stranger.code, "client_id": "web"}
    body = {**(body_of(each) or {}), **(known if each.path == "/sessions" else {})}
    if "client_id" in body:
        body["client_id"] = "web"
    visitor = Browser.at(world)
    for name in ELSEWHERE:
        if "client_id" in body or name not in {"nothing at all", "only a referrer"}:
            assert await from_elsewhere(visitor, each, filled(each, {}), name, sent=body) == 403, name


async def test_a_return_from_franceconnect_that_this_browser_did_not_begin_logs_nobody_in(world: World) -> None:
    for query in ("", "?state=s&code=c", "?state=s&error=e", f"?state={'q' * 43}&code=c"):
        reply = await nobody(world).send("GET", f"/franceconnect/callback{query}", sec_fetch_site="cross-site")
        assert reply.status == 302
        assert not any(reply.cookies.values())


async def test_the_same_calls_from_our_own_pages_are_read(owner: Resident, browser: Browser) -> None:
    """What shows that the refusals above are about where a page is, and not about what it sends."""
    for each in UNSAFE:
        if each.method != "DELETE" and each.access is not Access.PUBLIC:
            reply = await browser.send(each.method, each.path, {"unexpected": 1})
            assert reply.status == 422, name_of(each)


async def test_no_other_site_may_read_an_answer(world: World, browser: Browser) -> None:
    for method in ("GET", "OPTIONS"):
        asked = {"origin": "https://autre.invalid", "access_control_request_method": "POST"}
        reply = await browser.send(method, "/me", **asked)
        assert not [name for name in reply.headers if name.lower().startswith("access-control-")]
    assert (await nobody(world).send("GET", "/capabilities", origin="https://autre.invalid")).status == 200
