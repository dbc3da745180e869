"""FranceConnect through the API: a browser leaves by a redirect and, whatever happens, comes back to a page."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from services.gateway.domain.capabilities import PREFIX
from services.identity.domain.regimes import REGIMES
from tests.integration.gateway.stub import AUTHORIZE, PROVIDERS, TICKET
from tests.integration.gateway.test_limits import leave, limited
from tests.integration.gateway.test_sessions import HOME
from tests.integration.gateway.test_ways_in import attributes, removed
from tests.integration.gateway.world import SITE, World, cookies_of

FC = f"{PREFIX}/franceconnect"
AUTHORIZED, CALLBACK = f"{FC}/authorize", f"{FC}/callback?state=s-1&code=c-1"
BROUGHT = {"state": "s-1", "ticket": TICKET, "code": "c-1"}
TICKET_COOKIE, LINK_COOKIE, CHOICE = "__Host-franceconnect", "__Host-franceconnect-link", "__Host-identity-provider"
PAGES = {
    "session": "/accueil",
    "link-required": "/connexion?franceconnect=lier",
    "no-match": "/franceconnect?resultat=no-match",
    "several-matches": "/franceconnect?resultat=several-matches",
    "regime-not-covered": "/franceconnect?resultat=regime-not-covered",
    "refused": "/franceconnect?resultat=refused",
}


@pytest_asyncio.fixture
async def browser(gateway: World) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody's browser, bound by a ticket."""
    client = gateway.browser("")
    client.cookies.set(TICKET_COOKIE, TICKET)
    yield client


async def test_a_browser_leaves_bound_by_a_cookie_that_no_script_reads(gateway: World) -> None:
    answer = await gateway.browser("").get(AUTHORIZED)
    assert (answer.status_code, answer.headers["location"]) == (302, AUTHORIZE)
    [(name, cookie)] = cookies_of(answer).items()
    assert name == TICKET_COOKIE
    assert cookie.startswith(TICKET)
    assert attributes(cookie) >= {"httponly", "secure", "samesite=lax", "path=/", "max-age=600"}
    assert gateway.services.asked("/franceconnect/authorizations") == [{"client_id": "web"}]


async def test_an_application_gets_the_address_and_its_ticket(gateway: World) -> None:
    answer = await gateway.client().get(f"{AUTHORIZED}?client_id=ios&provider=la-poste")
    assert answer.json() == {"url": AUTHORIZE, "ticket": TICKET, "expires_in": 600}
    assert cookies_of(answer) == {}
    assert gateway.services.asked("/franceconnect/authorizations") == [{"client_id": "ios", "provider": "la-poste"}]


async def test_a_browser_remembers_a_provider_only_when_asked_and_forgets_it_when_told(gateway: World) -> None:
    client = gateway.browser("")
    assert CHOICE not in cookies_of(await client.get(f"{AUTHORIZED}?provider=la-poste"))
    remembered = cookies_of(await client.get(f"{AUTHORIZED}?provider=la-poste&remember=true"))[CHOICE]
    assert attributes(remembered) >= {"httponly", "secure", "samesite=lax", "max-age=31536000"}

    offered = (await client.get(f"{FC}/providers")).json()
    assert offered == {"enabled": True, "providers": PROVIDERS, "preselected": "la-poste"}

    assert removed(await client.delete(f"{FC}/choice")) == {CHOICE}
    assert (await client.get(f"{FC}/providers")).json()["preselected"] is None


async def test_leaving_with_another_provider_without_the_tick_leaves_nothing_stored(gateway: World) -> None:
    client = gateway.browser("")
    await client.get(f"{AUTHORIZED}?provider=la-poste&remember=true")
    for same in ("", "?provider=la-poste"):
        assert CHOICE not in cookies_of(await client.get(f"{AUTHORIZED}{same}"))
    assert removed(await client.get(f"{AUTHORIZED}?provider=impots-gouv")) == {CHOICE}
    assert (await client.get(f"{FC}/providers")).json()["preselected"] is None
    assert CHOICE not in cookies_of(await client.get(f"{AUTHORIZED}?provider=impots-gouv"))


async def test_a_provider_that_is_offered_no_more_is_not_preselected(gateway: World) -> None:
    client = gateway.browser("")
    client.cookies.set(CHOICE, "gone")
    assert (await client.get(f"{FC}/providers")).json()["preselected"] is None


@pytest.mark.parametrize("outcome", PAGES)
async def test_every_outcome_ends_on_a_page_and_uses_the_ticket_up(
    gateway: World, browser: httpx.AsyncClient, outcome: str
) -> None:
    gateway.services.will_end(outcome, link_ticket="l-1" if outcome == "link-required" else None)
    browser.cookies.set("__Host-device", "known")

    answer = await browser.get(CALLBACK)

    assert (answer.status_code, answer.headers["location"]) == (302, PAGES[outcome])
    assert removed(answer) == {TICKET_COOKIE}
    given = set(cookies_of(answer)) - {TICKET_COOKIE}
    expected = {"session": {"__Host-access", "__Host-refresh", "__Host-device"}, "link-required": {LINK_COOKIE}}
    assert given == expected.get(outcome, set())
    [sent] = gateway.services.asked("/franceconnect/callbacks")
    assert sent == {"state": "s-1", "code": "c-1", "ticket": TICKET, "device_token": "known"}


@pytest.mark.parametrize("code", [each for each, regime in REGIMES.items() if regime.portal])
async def test_whoever_belongs_to_another_regime_is_sent_to_its_own_portal(
    gateway: World, browser: httpx.AsyncClient, code: str
) -> None:
    gateway.services.will_end("regime-not-covered", portal=REGIMES[code].portal)
    answer = await browser.get(CALLBACK)
    page = urlsplit(answer.headers["location"])
    assert (page.path, parse_qs(page.query)) == (
        "/franceconnect",
        {"resultat": ["regime-not-covered"], "regime": [code]},
    )
    named = {each["id"]: each["url"] for each in (await browser.get(f"{PREFIX}/portal")).json()["regimes"]}
    assert named[code] == REGIMES[code].portal


async def test_an_unknown_portal_is_not_repeated_in_an_address(gateway: World, browser: httpx.AsyncClient) -> None:
    gateway.services.will_end("regime-not-covered", portal="https://autre.exemple.invalid")
    assert (await browser.get(CALLBACK)).headers["location"] == PAGES["regime-not-covered"]


async def test_whoever_chose_this_very_account_at_franceconnect_is_told_so(
    gateway: World, browser: httpx.AsyncClient
) -> None:
    refusal = {"type": "/problems/franceconnect-refused", "status": 401}
    for told, page in (({"reason": "loop"}, "boucle"), ({}, "refus"), ({"reason": ["loop"]}, "refus")):
        gateway.services.will_answer("POST", "/franceconnect/callbacks", {**refusal, **told}, status=401)
        assert (await browser.get(CALLBACK)).headers["location"] == f"/connexion?franceconnect={page}"


async def test_the_home_page_is_told_which_write_of_the_log_in_to_wait_for(
    gateway: World, browser: httpx.AsyncClient
) -> None:
    gateway.services.will_end("session")
    gateway.services.answers["POST", "/franceconnect/callbacks"].headers["x-read-after"] = "identity=2"
    assert (await browser.get(CALLBACK)).headers["location"] == "/accueil#apres=identity=2"


async def test_a_session_by_franceconnect_opens_the_home_page(gateway: World, browser: httpx.AsyncClient) -> None:
    gateway.services.will_end("session")
    await browser.get(CALLBACK)
    assert (await browser.get(HOME)).status_code == 200


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", "refus"),
        ("?error=access_denied&state=s-1", "refus"),
        ("?state=s-1&code=" + "x" * 2001, "refus"),
        ("?state=" + "x" * 2001, "refus"),
        ("?state[$ne]=1&code[$ne]=1", "refus"),
        ("?state=%00&code=%ED%A0%80", "refus"),
        ("?state=1&state=2&code=%0d%0aSet-Cookie:a=b", "refus"),
    ],
)
async def test_whatever_comes_back_ends_on_a_page_and_identity_hears_of_it_once(
    gateway: World, browser: httpx.AsyncClient, query: str, page: str
) -> None:
    gateway.services.will_answer("POST", "/franceconnect/callbacks", {}, status=401)
    answer = await browser.get(f"{FC}/callback{query}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/connexion?franceconnect={page}")
    assert set(cookies_of(answer)) == removed(answer) == {TICKET_COOKIE}
    [told] = gateway.services.asked("/franceconnect/callbacks")
    assert all(len(value) <= 2000 and "\x00" not in value for value in told.values())


@pytest.mark.parametrize("path", [AUTHORIZED, CALLBACK])
async def test_with_identity_down_a_browser_still_ends_on_a_page(
    gateway: World, browser: httpx.AsyncClient, path: str
) -> None:
    gateway.services.will_answer("POST", "/franceconnect/callbacks", {}, status=500)
    gateway.services.will_answer("POST", "/franceconnect/authorizations", {}, status=503)
    for _ in range(2):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, "/connexion?franceconnect=indisponible")
        leave(gateway)


async def test_an_application_is_told_in_json_what_is_wrong(gateway: World) -> None:
    long = await gateway.client().get(f"{AUTHORIZED}?client_id=ios&provider={'x' * 2001}")
    assert (long.status_code, long.json()["type"]) == (400, "/problems/bad-request")
    assert gateway.services.seen == []
    leave(gateway)
    away = await gateway.client().get(f"{AUTHORIZED}?client_id=ios")
    assert (away.status_code, away.headers["retry-after"]) == (503, "2")


async def test_too_many_returns_end_on_a_page_as_well(mongodb_url: str) -> None:
    async with limited(mongodb_url, {"GET /franceconnect/callback": {"network": "1/300"}}) as gateway:
        for page in (PAGES["refused"], "/connexion?franceconnect=refus"):
            answer = await gateway.browser("").get(CALLBACK)
            assert (answer.status_code, answer.headers["location"]) == (302, page)
            assert "ratelimit" in answer.headers


async def test_a_return_that_an_application_began_is_handed_to_it(gateway: World) -> None:
    gateway.services.will_end("to-app", "android")
    answer = await gateway.browser("").get(f"{CALLBACK}&iss=elsewhere")
    link = urlsplit(answer.headers["location"])
    assert (answer.status_code, f"{link.scheme}://{link.netloc}") == (302, SITE)
    assert link.path == "/application/franceconnect"
    assert parse_qs(link.query) == {"state": ["s-1"], "code": ["c-1"]}
    assert set(cookies_of(answer)) == removed(answer)

    gateway.services.will_end("session", "android")
    known = {**BROUGHT, "device_token": "known"}
    opened = await gateway.client().post(f"{FC}/sessions", json=known)
    assert opened.status_code == 200
    assert opened.json()["outcome"] == "session"
    assert {"access_token", "refresh_token", "device_token"} <= opened.json()["session"].keys()
    assert "client_id" not in opened.json()
    assert cookies_of(opened) == {}
    assert gateway.services.asked("/franceconnect/callbacks")[-1] == known
    assert (await gateway.phone(opened.json()["session"]["access_token"]).get(HOME)).status_code == 200


async def test_an_application_hears_why_there_is_no_session(gateway: World) -> None:
    gateway.services.will_end("regime-not-covered", "ios", portal="https://msa.exemple.invalid")
    answer = await gateway.client().post(f"{FC}/sessions", json=BROUGHT)
    assert answer.json()["portal"] == "https://msa.exemple.invalid"
    assert answer.json()["session"] is None

    gateway.services.will_answer("POST", "/franceconnect/callbacks", {"status": 422}, status=422)
    assert (await gateway.client().post(f"{FC}/sessions", json=BROUGHT)).json() == {"status": 422}


@pytest.mark.parametrize("who", ["browser", "client"])
async def test_what_a_browser_began_opens_no_session_by_the_applications_way(gateway: World, who: str) -> None:
    gateway.services.will_end("session")
    caller = gateway.browser("") if who == "browser" else gateway.client()
    caller.cookies.set(TICKET_COOKIE, TICKET)
    answer = await caller.post(f"{FC}/sessions", json=BROUGHT)
    assert (answer.status_code, cookies_of(answer)) == (401, {})
    assert "access_token" not in answer.text
    assert ["ticket" in sent for sent in gateway.services.asked("/franceconnect/callbacks")] == [False]


@pytest.mark.parametrize(
    ("wrong", "listed"),
    [
        ({}, {"/state": "missing", "/ticket": "missing"}),
        ({**BROUGHT, "ticket": {"$ne": ""}}, {"/ticket": "string_type"}),
        ({**BROUGHT, "role": "x"}, {"/role": "extra_forbidden"}),
    ],
)
async def test_what_an_application_sends_malformed_is_refused_here_and_identity_hears_of_it_without_the_values(
    gateway: World, wrong: dict[str, object], listed: dict[str, str]
) -> None:
    answer = await gateway.client().post(f"{FC}/sessions", json=wrong)
    assert answer.status_code == 422
    assert {each["pointer"]: each["code"] for each in answer.json()["errors"]} == listed
    assert gateway.services.asked("/franceconnect/callbacks") == [{"state": ""}]


async def test_the_link_cookie_lets_franceconnect_open_the_account(gateway: World, browser: httpx.AsyncClient) -> None:
    gateway.services.will_end("link-required", link_ticket="l-1")
    linking = cookies_of(await browser.get(CALLBACK))[LINK_COOKIE]
    assert attributes(linking) >= {"httponly", "secure", "samesite=lax", "max-age=600"}

    browser.cookies.set("__Host-access", gateway.services.token())
    answer = await browser.post(f"{PREFIX}/me/franceconnect")

    assert answer.status_code == 204
    assert removed(answer) == {LINK_COOKIE}
    assert gateway.services.asked("/me/franceconnect") == [{"link_ticket": "l-1"}]
    assert "sub" in gateway.services.seen[-1].claims


async def test_an_application_links_with_its_own_ticket(gateway: World) -> None:
    answer = await gateway.phone().post(f"{PREFIX}/me/franceconnect", json={"link_ticket": "l-2"})
    assert (answer.status_code, cookies_of(answer)) == (204, {})
    assert gateway.services.asked("/me/franceconnect") == [{"link_ticket": "l-2"}]
