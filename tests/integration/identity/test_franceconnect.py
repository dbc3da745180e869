"""Coming in by FranceConnect over HTTP, with a provider that can be made to lie (reliability A8, F24, P7)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from chassis import failpoints
from chassis.clock import now
from chassis.ids import new_token
from chassis.mongo import Database
from contracts.identity import EmailChangeRequested, FranceConnectLinked, LoggedIn
from deploy.demo.people import subject
from services.identity import register
from services.identity.store import INDEXES
from tests.integration.identity.device import LINES, Client, bare, claims_of, events, last
from tests.integration.identity.traveller import HERS, Browser
from tests.unit.identity.fakes import LUCIE, sealed
from tests.unit.identity.franceconnect_world import a_world

HIS, STRANGERS = subject("P2"), subject("P8")


@pytest_asyncio.fixture(loop_scope="session")
async def browser(client: Client) -> AsyncIterator[Browser]:
    """A browser on a system that FranceConnect knows."""
    before = client.app.state.federation
    async with a_world() as world:
        client.app.state.federation = replace(before, provider=world.client(), issuer=world.provider.issuer)
        yield Browser(client, world)
    client.app.state.federation = before


async def stored(client: Client, name: str) -> int:
    database: Database = client.app.state.service.database
    return await database[name].count({})


async def test_somebody_recognised_is_logged_in_and_comes_back_to_the_same_account(browser: Browser) -> None:
    first = await browser.log_in()
    assert set(first) == {"outcome", "client_id", "session", "link_ticket", "portal", "logout_url"}
    assert (first["outcome"], first["client_id"], first["link_ticket"]) == ("session", "web", None)
    assert first["session"]["device_token"]
    assert first["logout_url"].startswith(f"{browser.world.provider.issuer}/")
    claims = claims_of(first["session"]["access_token"], browser.client.app)
    assert (claims["sub"], claims["acr"], claims["scope"]) == (str(LUCIE), "eidas1", "full")
    again = await browser.log_in()
    assert claims_of(again["session"]["access_token"], browser.client.app)["sub"] == str(LUCIE)
    told = [type(event).__name__ for event in await events(browser.client.app)]
    assert told == ["AccountCreated", "EmailChangeRequested", "LoggedIn", "LoggedIn"]
    browser.take(again["session"])
    assert (await browser.client.call("GET", "/me")).json()["first_name"] == "Lucie"
    [known, _] = (await browser.client.call("GET", "/sessions")).json()["sessions"]
    assert known["way"] == "franceconnect"


async def test_the_same_device_is_known_again(browser: Browser) -> None:
    first = await browser.log_in()
    await browser.leave()
    again = await browser.come_back(device_token=first["session"]["device_token"])
    assert again.json()["outcome"] == "session"
    assert not (await last(browser.client.app, LoggedIn)).new_device


async def test_the_address_that_franceconnect_gives_is_only_proposed(browser: Browser) -> None:
    browser.take((await browser.log_in())["session"])
    assert (await last(browser.client.app, EmailChangeRequested)).new_email is not None
    assert (await browser.client.call("GET", "/me")).json()["email"] is None


@pytest.mark.parametrize(
    ("sub", "outcome", "portal"),
    [(STRANGERS, "no-match", None), (HIS, "regime-not-covered", "https://www.msa.fr")],
)
async def test_whoever_may_have_no_account_is_told_why(
    browser: Browser, sub: str, outcome: str, portal: str | None
) -> None:
    told = await browser.log_in(sub)
    assert (told["outcome"], told["portal"], told["session"], told["logout_url"]) == (outcome, portal, None, None)
    assert await events(browser.client.app) == []


async def test_of_two_people_alike_neither_is_chosen_and_an_agent_is_asked_once(browser: Browser) -> None:
    twin = LINES[0].replace(str(LUCIE).encode(), str(uuid4()).encode()).replace(b"285032999090195", b"285032999002697")
    taken = register.Import(lambda number: sealed("number"))
    await taken.take([twin], browser.client.app.state.work)
    assert (taken.changed, taken.wrong) == (1, {})
    for _ in range(2):
        assert (await browser.log_in())["outcome"] == "several-matches"
    database: Database = browser.client.app.state.service.database
    [review] = await database["reviews"].find({})
    assert str(LUCIE) in review["candidates"]
    assert len(review["candidates"]) == 2
    assert "EXEMPLE" not in str(review)


async def test_one_whose_birth_date_the_register_knows_in_part_is_for_an_agent_too(browser: Browser) -> None:
    taken = register.Import(lambda number: sealed("number"))
    await taken.take([LINES[0].replace(b"1985-03-14", b"1985-00-00")], browser.client.app.state.work)
    assert (taken.changed, taken.wrong) == (1, {})
    told = await browser.log_in()
    assert (told["outcome"], told["session"], told["link_ticket"]) == ("several-matches", None, None)
    [review] = await browser.client.app.state.service.database["reviews"].find({})
    assert review["candidates"] == [str(LUCIE)]
    assert await events(browser.client.app) == []


WRONG: dict[str, Callable[[Browser], dict[str, str | None]]] = {
    "no ticket": lambda _: {"ticket": None},
    "another browser's ticket": lambda _: {"ticket": new_token()},
    "a state that never left": lambda _: {"state": new_token()},
    "an empty state": lambda _: {"state": ""},
    "a code of nobody": lambda _: {"code": new_token()},
    "no code": lambda _: {"code": None},
    "an error": lambda _: {"code": None, "error": "access_denied"},
    "an error beside a code": lambda _: {"error": "invalid_request"},
    "a malformed state": lambda _: {"state": "pirate é"},
    "a state that is too long": lambda _: {"state": "s" * 201},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_comes_back_otherwise_than_it_left_is_refused_alike_and_for_good(
    browser: Browser, wrong: str
) -> None:
    await browser.leave()
    refused = await browser.come_back(**WRONG[wrong](browser))
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/france-connect-refused")
    assert refused.json()["detail"].startswith("Recommencez")
    if "state" not in WRONG[wrong](browser):
        assert bare(await browser.come_back()) == bare(refused)
    assert await events(browser.client.app) == []
    assert await stored(browser.client, "sessions") == 0


async def test_two_browsers_cannot_finish_each_others_log_in(browser: Browser) -> None:
    other = Browser(browser.client, browser.world)
    await browser.leave()
    await other.leave(STRANGERS)
    browser.back, other.back = other.back, browser.back
    assert {(await each.come_back()).status_code for each in (browser, other)} == {401}
    await browser.leave()
    await other.leave(STRANGERS)
    swapped = await browser.come_back(code=other.back["code"])
    assert swapped.status_code == 401
    assert await events(browser.client.app) == []


async def test_a_way_back_opens_one_session_however_often_it_is_taken(browser: Browser) -> None:
    await browser.leave()
    answers = await asyncio.gather(*(browser.come_back() for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 9]
    assert await stored(browser.client, "sessions") == 1


async def test_a_way_back_that_took_too_long_is_refused(browser: Browser) -> None:
    await browser.leave()
    ceremonies = browser.client.app.state.service.database["ceremonies"]
    await ceremonies.update({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert (await browser.come_back()).status_code == 401


FORGED = ["id-token/nonce", "id-token/alg-none", "id-token/acr", "userinfo/sub", "userinfo/ameli", "invalid-grant"]


@pytest.mark.parametrize("fault", FORGED)
async def test_a_forged_answer_opens_nothing(browser: Browser, fault: str) -> None:
    await browser.leave()
    browser.world.provider.faults.begin(fault, 0)
    assert (await browser.come_back()).status_code == 401
    assert await events(browser.client.app) == []


async def test_an_outage_is_said_and_touches_no_other_way_in(browser: Browser) -> None:
    await browser.client.open_account()
    await browser.leave()
    browser.world.provider.faults.begin("down", 0)
    down = await browser.come_back()
    assert (down.status_code, down.json()["type"]) == (503, "/problems/france-connect-unavailable")
    assert down.headers["retry-after"]
    offered = await browser.client.call("GET", "/franceconnect/providers")
    assert offered.json()["enabled"] is False
    assert (await browser.client.call("POST", "/code-resets", {"nir": "1", "birth_date": "x"})).status_code == 422
    assert (await browser.client.refresh()).status_code == 200


async def test_without_franceconnect_nothing_is_offered(client: Client) -> None:
    offered = (await client.call("GET", "/franceconnect/providers")).json()
    assert offered["enabled"] is False
    assert "ameli" not in [each["id"] for each in offered["providers"]]
    refused = await client.call("POST", "/franceconnect/authorizations", {"client_id": "web"})
    assert refused.status_code == 503


async def test_an_identity_provider_is_chosen_beforehand_unless_it_is_not_offered(browser: Browser) -> None:
    asked = {"client_id": "web", "provider": "la-poste"}
    answer = await browser.client.call("POST", "/franceconnect/authorizations", asked)
    assert "idp_hint=la-poste" in answer.json()["url"]
    for wrong in ("ameli", "alicem", "inconnu"):
        refused = await browser.client.call("POST", "/franceconnect/authorizations", {**asked, "provider": wrong})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/provider-not-offered")


async def test_an_app_gets_back_what_its_browser_brought(browser: Browser) -> None:
    await browser.leave(client_id="ios")
    for _ in range(2):
        handed = (await browser.come_back(ticket=None)).json()
        assert (handed["outcome"], handed["client_id"], handed["session"]) == ("to-app", "ios", None)
    session = (await browser.come_back()).json()
    assert (session["outcome"], session["client_id"]) == ("session", "ios")
    assert claims_of(session["session"]["access_token"], browser.client.app)["channel"] == "app"


async def test_an_account_that_was_there_is_linked_with_its_code(browser: Browser) -> None:
    await browser.client.open_account()
    told = await browser.log_in()
    assert (told["outcome"], told["session"]) == ("link-required", None)
    body = {"link_ticket": told["link_ticket"]}
    assert (await browser.client.call("POST", "/me/franceconnect", body)).status_code == 204
    assert (await last(browser.client.app, FranceConnectLinked)).person_id == LUCIE
    assert (await browser.client.call("POST", "/me/franceconnect", body)).status_code == 404
    assert (await browser.log_in())["outcome"] == "session"
    assert (await browser.client.call("GET", "/me")).status_code == 200


async def test_if_the_process_dies_after_the_exchange_nothing_is_half_done(
    browser: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "identity.P7").write_text("raise")
    monkeypatch.setattr(failpoints, "_folder", folder)
    monkeypatch.setattr(failpoints, "_service", "identity")
    await browser.leave()
    with capture_logs():
        assert (await browser.come_back()).status_code == 500
    assert [await stored(browser.client, name) for name in ("accounts", "sessions", "federated", "outbox")] == [0] * 4
    assert (await browser.come_back()).status_code == 401
    assert (await browser.log_in())["outcome"] == "session"


async def test_no_ticket_subject_or_address_is_stored_in_clear(browser: Browser) -> None:
    await browser.leave(STRANGERS)
    waiting = (browser.ticket, browser.back["state"])
    browser.take((await browser.log_in())["session"])
    database = browser.client.app.state.service.database
    kept = [str(each) for name in (*INDEXES, "outbox", "answers") for each in await database[name].find({})]
    for canary in (*waiting, HERS, "lucie.exemple@", browser.client.session["refresh_token"]):
        assert not any(canary in each for each in kept), canary


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("/franceconnect/authorizations", {"client_id": "pirate"}, {"/client_id"}),
        ("/franceconnect/authorizations", {"client_id": "web", "provider": {"$ne": 1}}, {"/provider"}),
        ("/franceconnect/callbacks", {"state": {"$gt": ""}, "ticket": 1, "role": 1}, {"/state", "/ticket", "/role"}),
    ],
)
async def test_malformed_input_is_refused_field_by_field_and_not_quoted(
    browser: Browser, path: str, body: dict[str, Any], pointers: set[str]
) -> None:
    refused = await browser.client.call("POST", path, body)
    assert refused.status_code == 422
    assert {each["pointer"] for each in refused.json()["errors"]} == pointers
    assert "pirate" not in refused.text
