"""The use cases of the gateway on a store and services in memory."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.channel import Channel
from services.gateway.domain.calls import Answer, Call
from services.gateway.domain.home import Home
from services.gateway.handlers import home, sessions
from services.gateway.handlers.home import Arrival, ReadPage, Rebuilt, Verdict
from tests.unit.gateway.builders import LUCIE, NOW, a_payment, an_account, told
from tests.unit.gateway.fakes import FakeServices, FakeStore

GIVEN = {
    "access_token": "access",
    "expires_in": 300,
    "refresh_token": "refresh",
    "refresh_expires_in": 1800,
    "session_id": str(uuid4()),
    "code_change_required": False,
}


def tokens_for(call: Call) -> Answer:
    """Identity, when all is well."""
    if call.method == "PUT":
        return Answer(204, b"", {"x-read-after": "identity=4"})
    return Answer(200, json.dumps(GIVEN).encode(), {"content-type": "application/json"})


async def test_an_event_is_on_the_page_of_every_channel() -> None:
    store = FakeStore()
    await home.update_home(Arrival(an_account(), "identity", 1, NOW), store)

    for channel in Channel:
        page = json.loads(await home.read_page(ReadPage(LUCIE, channel), store))
        assert page["account"]["first_name"] == "Lucie"
        assert page["caisse"] == {
            "status": "ok",
            "as_of": "2026-11-24T10:00:00Z",
            "code": "29",
            "name": "CPAM du Finistère",
            "town": "Brest",
            "phone": "36 46",
        }


async def test_a_repeated_event_writes_nothing() -> None:
    store = FakeStore()
    for _ in range(3):
        await home.update_home(Arrival(a_payment(), "payments", 1, NOW), store)
    assert store.saves == 1


async def test_a_person_nothing_was_heard_of_gets_a_page_that_says_so() -> None:
    page, seen = await home.read_page_and_seen(ReadPage(LUCIE, Channel.WEB), FakeStore())
    assert json.loads(page)["account"]["status"] == "unavailable"
    assert json.loads(page)["as_of"] is None
    assert seen == {}


async def test_a_page_that_lacks_a_write_says_stale_where_it_matters() -> None:
    store = FakeStore()
    await home.update_home(Arrival(an_account(), "identity", 1, NOW), store)
    late = json.loads(home.stale(await home.read_page(ReadPage(LUCIE, Channel.WEB), store), ["procedures"]))
    assert late["requests_in_progress"]["status"] == "stale"
    assert late["account"]["status"] == "ok"


async def test_a_rebuilt_page_takes_the_place_of_a_wrong_one_but_never_of_a_newer_one() -> None:
    store, right = FakeStore(), told(an_account(), a_payment())
    wrong = Home(LUCIE, seen=right.seen)
    await store.save(wrong, home.pages(wrong, store))

    assert await home.settle_home(Rebuilt(right, replace=False), store) is Verdict.DIFFERENT
    assert await home.settle_home(Rebuilt(right, replace=True), store) is Verdict.REPLACED
    assert await home.settle_home(Rebuilt(right, replace=True), store) is Verdict.SAME
    assert await home.settle_home(Rebuilt(told(an_account()), replace=True), store) is Verdict.NEWER


async def test_a_browser_never_sees_its_tokens() -> None:
    answer, tokens = await sessions.log_in(Call("identity", "POST", "/sessions"), FakeServices(tokens_for))
    assert (answer.status, tokens is not None) == (200, True)
    assert tokens is not None
    assert json.loads(tokens.for_browser()) == {"expires_in": 300, "code_change_required": False}
    assert json.loads(tokens.for_application())["refresh_token"] == "refresh"


async def test_a_refused_log_in_gives_no_tokens() -> None:
    refused = FakeServices(lambda _: Answer(401, b"{}", {}))
    _, tokens = await sessions.log_in(Call("identity", "POST", "/sessions"), refused)
    assert tokens is None


@pytest.mark.parametrize("key", ["the-key-of-the-request", None])
async def test_a_refresh_has_the_key_of_its_request_so_that_lost_tokens_come_again(key: str | None) -> None:
    services = FakeServices(tokens_for)
    answer, tokens = await sessions.refresh("old refresh token", key, services)
    assert (answer.status, tokens is not None) == (200, True)
    [call] = services.calls
    assert json.loads(call.body) == {"refresh_token": "old refresh token"}
    assert call.headers.get("idempotency-key") == key


@pytest.mark.parametrize(("ago", "refused"), [(timedelta(minutes=1), True), (timedelta(hours=2), False)])
async def test_only_sessions_that_ended_lately_need_to_be_remembered(ago: timedelta, refused: bool) -> None:
    store, session_id = FakeStore(), uuid4()
    await sessions.revoke(sessions.Revocation([session_id], NOW - ago), store)
    assert (session_id in await sessions.recently_revoked(NOW, store)) is refused
