"""A23: no cache, no back button and no old tab shows what a session showed."""

from uuid import uuid4

import pytest

from services.gateway.domain.capabilities import CAPABILITIES, Capability
from services.gateway.portal import ADDRESSES
from tests.abuse.callers import Browser, Caller, Reply, nobody
from tests.abuse.operations import READS, UNSAFE, filled, name_of
from tests.abuse.residents import Resident
from tests.world import World


def not_kept(reply: Reply) -> None:
    """Asserts that nothing between here and the screen may keep this answer."""
    assert reply.headers.getall("cache-control") == ["no-store"]
    assert not {"etag", "last-modified", "expires", "age"} & {name.lower() for name in reply.headers}
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"


@pytest.fixture(scope="module")
async def browser(residents: tuple[Resident, Resident]) -> Browser:
    """A browser in which the owner is logged in."""
    return await residents[0].browser()


@pytest.mark.parametrize("each", READS, ids=name_of)
async def test_no_answer_to_a_session_is_kept(owner: Resident, browser: Browser, each: Capability) -> None:
    path = filled(each, owner.ids)
    for caller in (browser, owner.phone):
        reply = await caller.send("GET", path)
        assert reply.status == 200
        not_kept(reply)
    # An old answer is never confirmed either: it is given anew, or refused.
    again = await browser.send("GET", path, if_none_match="*", if_modified_since="Tue, 24 Nov 2099 00:00:00 GMT")
    assert again.status == 200
    not_kept(again)


async def test_a_file_that_was_asked_for_is_not_kept_on_its_way(browser: Browser) -> None:
    reply = await browser.send("GET", "/me/access-log", accept="text/csv")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert reply.headers["content-disposition"].startswith("attachment;")
    not_kept(reply)


@pytest.mark.parametrize("each", CAPABILITIES, ids=name_of)
async def test_no_refusal_is_kept(world: World, owner: Resident, each: Capability) -> None:
    unread = {} if each.method == "GET" else {"raw": b"{", "kind": "application/json"}
    path = filled(each, owner.ids)
    strangers = await nobody(world).send(each.method, path, **unread)  # type: ignore[arg-type]
    owners = await owner.phone.send(each.method, f"{path}/nowhere")
    for reply in (strangers, owners):
        if reply.status >= 400:
            not_kept(reply)
    assert owners.status >= 400


async def test_the_crawl_is_of_every_route(world: World) -> None:
    listed = (await nobody(world).send("GET", "/capabilities")).body["routes"]
    assert {(each["method"], each["path"]) for each in listed} == {
        (each.method, each.public_path) for each in CAPABILITIES
    }
    assert {name_of(each) for each in (*READS, *UNSAFE)} <= {name_of(each) for each in CAPABILITIES}


async def test_log_ins_and_what_they_give_are_not_kept(owner: Resident) -> None:
    opened = Browser.at(owner.world, device=owner.device)
    said = {"nir": owner.person.nir, "code": owner.code, "client_id": "web"}
    not_kept(await opened.send("POST", "/sessions", said))
    not_kept(await opened.send("POST", "/sessions/refresh"))
    not_kept(await opened.send("POST", "/sessions", {**said, "code": "902107"}))


@pytest.mark.parametrize("path", ["/sessions/current", "/sessions"])
async def test_a_browser_that_leaves_is_told_to_forget(owner: Resident, path: str) -> None:
    leaving = await owner.browser()
    held = dict(leaving.cookies)
    reply = await leaving.send("DELETE", path)
    assert reply.status == 204
    not_kept(reply)
    forgets = {part.strip() for part in reply.headers["clear-site-data"].split(",")}
    assert forgets >= {'"cache"', '"storage"'}
    assert {name for name, value in reply.cookies.items() if not value} == {"__Host-access", "__Host-refresh"}
    old_tab = Browser(leaving.caller, leaving.origin, held)
    for each in READS:
        seen = await old_tab.send("GET", filled(each, owner.ids))
        assert seen.status == 401
        not_kept(seen)
    again = await old_tab.send("DELETE", path)
    assert again.status in {204, 401}
    await owner.settle_in()


async def test_pages_hold_nothing_of_anybody(world: World, owner: Resident, browser: Browser) -> None:
    """A page is the same for everybody, so that a kept one tells nothing; what it shows is asked for each time."""
    site = Caller(world.stack.gateway)
    mine = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    for address in ADDRESSES:
        page = await site.send("GET", address)
        seen = await site.send("GET", address, cookie=mine, idempotency_key=str(uuid4()))
        assert page.content == seen.content
        assert "no-cache" in page.headers["cache-control"]
        assert owner.person.birth_last_name not in seen.text
