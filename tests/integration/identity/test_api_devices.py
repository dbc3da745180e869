"""Known devices and second codes over HTTP (B3)."""

import asyncio
from uuid import uuid4

from contracts.identity import DeviceChallenged, LogInBlocked
from tests.integration.identity.device import NIR, STRANGER, Client, bare, events
from tests.unit.identity.fakes import MARC


async def test_a_new_device_gets_202_and_the_code_of_the_email_lets_it_in(client: Client) -> None:
    await client.open_account()
    phone = client.another()
    asked = await phone.log_in("7294", client_id="ios", key="click-0101")
    assert asked.status_code == 202
    assert set(asked.json()) == {"challenge_id", "expires_in", "message", "spam_hint"}
    assert asked.json()["expires_in"] == 600
    assert "nouvel appareil" in asked.json()["message"]
    challenge = asked.json()["challenge_id"]
    again = await phone.log_in("7294", client_id="ios", key="click-0101")
    assert (again.status_code, again.json()["challenge_id"]) == (202, challenge)
    assert len([event for event in await events(client.app) if isinstance(event, DeviceChallenged)]) == 1

    code = await client.second_code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refused = [
        await phone.answer(challenge, wrong, "ios"),
        await phone.answer(challenge, code, "android"),
        await phone.answer("x" * 43, code, "ios"),
    ]
    assert len({str(bare(answer)) for answer in refused}) == 1
    assert (refused[0].status_code, refused[0].json()["type"]) == (401, "/problems/challenge-refused")
    first, second = [await phone.answer(challenge, code, "ios", key="click-0102") for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert first.json()["session_id"] == second.json()["session_id"]
    assert first.json()["device_token"]
    assert (await phone.call("GET", "/me")).json()["failed_attempts_since"] == 1
    known = await phone.log_in("7294", client_id="ios")
    assert (known.status_code, known.json()["device_token"]) == (200, None)


async def test_a_number_without_account_and_a_wrong_code_are_never_challenged(client: Client) -> None:
    await client.open_account()
    thief = client.another()
    thief.device = client.device
    for code, nir in (("9999", NIR), ("9999", STRANGER), ("7294", STRANGER)):
        assert (await client.another().log_in(code, nir)).status_code == 401
    assert (await thief.log_in("7294", STRANGER)).status_code == 401
    thief.device = "not one of ours"
    assert (await thief.log_in("7294")).status_code == 202


async def test_judged_answers_take_as_long_and_too_many_attempts_are_refused_at_once(client: Client) -> None:
    await client.open_account()
    thief, loop = client.another(), asyncio.get_running_loop()
    for nir in (NIR, STRANGER):
        for _ in range(5):
            started = loop.time()
            assert (await thief.log_in("9999", nir)).status_code == 401
            assert loop.time() - started >= 0.06
    fastest = 1.0
    for _ in range(5):
        started = loop.time()
        assert (await thief.log_in("9999")).status_code == 429
        fastest = min(fastest, loop.time() - started)
    assert fastest < 0.06


async def test_the_owner_is_told_of_a_block_and_a_stranger_sees_no_trace_of_it(client: Client) -> None:
    await client.open_account()
    thief = client.another()
    answers = [await thief.log_in("9999", nir) for nir in (NIR, STRANGER) for _ in range(5)]
    assert len({str(bare(answer)) for answer in answers}) == 1
    [blocked] = [event for event in await events(client.app) if isinstance(event, LogInBlocked)]
    assert blocked.failed_attempts == 5


async def test_devices_are_listed_and_forgotten_by_their_owner_alone(client: Client) -> None:
    await client.open_account()
    phone = client.another()
    asked = await phone.log_in("7294", client_id="android")
    await phone.answer(asked.json()["challenge_id"], await client.second_code(), "android")
    listed = (await phone.call("GET", "/devices")).json()["devices"]
    assert [(each["client_id"], each["current"]) for each in listed] == [("android", True), ("web", False)]
    assert set(listed[0]) == {"device_id", "client_id", "remembered_at", "used_at", "until", "current"}
    sessions = (await phone.call("GET", "/sessions")).json()["sessions"]
    assert (sessions[0]["way"], sessions[0]["device_id"]) == ("code", listed[0]["device_id"])
    stranger = Client(client.http, client.app, dict(client.session), MARC)
    foreign = await stranger.call("DELETE", f"/devices/{listed[0]['device_id']}")
    assert bare(foreign) == bare(await stranger.call("DELETE", f"/devices/{uuid4()}"))
    assert foreign.status_code == 404
    assert (await client.call("DELETE", f"/devices/{listed[0]['device_id']}")).status_code == 204
    assert (await phone.refresh()).status_code == 401
    assert (await phone.log_in("7294", client_id="android")).status_code == 202


async def test_logging_out_everywhere_ends_this_session_too(client: Client) -> None:
    await client.open_account()
    first = client.session["refresh_token"]
    assert (await client.log_in("7294")).status_code == 200
    assert (await client.call("DELETE", "/sessions")).status_code == 204
    for token in (first, client.session["refresh_token"]):
        assert (await client.refresh(token)).status_code == 401


async def test_no_second_code_challenge_or_device_token_is_stored_in_clear(client: Client) -> None:
    await client.open_account()
    asked = await client.another().log_in("7294")
    database = client.app.state.service.database
    names = ("devices", "challenges", "accounts", "outbox", "answers")
    stored = [str(each) for name in names for each in await database[name].find({})]
    for canary in (await client.second_code(), asked.json()["challenge_id"], client.device):
        assert canary
        assert not any(canary in each for each in stored)
