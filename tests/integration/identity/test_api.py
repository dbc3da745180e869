"""Identity over HTTP: what its callers can do."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from contracts.identity import AccountCreated, CodeReset, LogInBlocked
from contracts.problems import Unavailable
from services.identity.codes import Codes
from services.identity.domain.access_code import AccessCode
from services.identity.store import INDEXES
from tests.integration.identity.device import FORM, NIR, STRANGER, Client, bare, claims_of, events, last
from tests.unit.identity.fakes import LUCIE, MARC


async def test_from_the_web_form_to_an_own_code(client: Client) -> None:
    answer = await client.call("POST", "/accounts", FORM)
    assert answer.status_code == 202
    assert set(answer.json()) == {"message", "spam_hint"}
    opened = await client.log_in(await client.mailed_code(AccountCreated))
    assert set(opened.json()) == {
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_expires_in",
        "session_id",
        "code_change_required",
        "device_token",
        "device_expires_in",
    }
    assert opened.json()["device_expires_in"] == 30 * 24 * 3600
    assert (opened.json()["code_change_required"], opened.json()["expires_in"]) == (True, 300)
    claims = claims_of(client.session["access_token"], client.app)
    assert (claims["scope"], claims["channel"], claims["sub"]) == ("code-change", "web", str(LUCIE))
    assert (claims["sid"], claims["acr"]) == (client.session["session_id"], "eidas1")
    assert (await client.call("PUT", "/me/code", {"new_code": "7294"})).status_code == 204
    refreshed = (await client.refresh()).json()
    assert (refreshed["code_change_required"], refreshed["device_token"]) == (False, None)
    assert claims_of(client.session["access_token"], client.app)["scope"] == "full"
    assert (await client.log_in("7294", nir="285032999090195", client_id="ios")).status_code == 200
    assert claims_of(client.session["access_token"], client.app)["channel"] == "app"


async def test_the_form_is_answered_alike_whatever_happens(client: Client) -> None:
    answers = [
        await client.call("POST", "/accounts", form)
        for form in (
            FORM,
            FORM,
            {**FORM, "nir": STRANGER},
            {**FORM, "last_name": "AUTRE"},
            {**FORM, "email": "other@exemple.invalid"},
        )
    ]
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert "x-read-after" not in answers[0].headers
    assert len(await events(client.app)) == 3


async def test_neutral_answers_take_as_long_whatever_happens(client: Client) -> None:
    loop = asyncio.get_running_loop()
    for form in (FORM, {**FORM, "nir": STRANGER}):
        started = loop.time()
        await client.call("POST", "/accounts", form)
        assert loop.time() - started >= 0.06


async def test_a_form_that_is_sent_again_under_its_key_counts_once(client: Client) -> None:
    first = await client.call("POST", "/accounts", FORM, key="click-0001")
    again = await client.call("POST", "/accounts", FORM, key="click-0001")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert [type(event) for event in await events(client.app)] == [AccountCreated]


async def test_the_neutral_answer_is_in_the_readers_language(client: Client) -> None:
    french = await client.call("POST", "/accounts", FORM)
    english = await client.call("POST", "/accounts", FORM, accept_language="en-GB,en;q=0.9")
    assert "assuré" in french.json()["message"]
    assert "insured" in english.json()["message"]
    assert "spam" in english.json()["spam_hint"]


async def test_another_regime_is_named_to_whoever_is_recognised_and_to_nobody_else(client: Client) -> None:
    marc = {**FORM, "nir": "1831131990902", "last_name": "FICTIF", "birth_date": "1983-11-30"}
    refused = await client.call("POST", "/accounts", marc)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/regime-not-covered")
    assert "msa.fr" in refused.json()["detail"]
    guessed = await client.call("POST", "/accounts", {**marc, "birth_date": "1983-11-29"})
    assert guessed.status_code == 202


async def test_a_log_in_is_refused_alike_for_an_unknown_number_and_a_wrong_or_used_code(client: Client) -> None:
    await client.open_account()
    used = await client.mailed_code(AccountCreated)
    refused = [await client.log_in(*each) for each in (("9999",), ("9999", STRANGER), (used,), (used, STRANGER))]
    assert len({str(bare(answer)) for answer in refused}) == 1
    assert (refused[0].status_code, refused[0].json()["type"]) == (401, "/problems/invalid-credentials")
    assert refused[0].json()["code_reset"] == "/api/v1/code-resets"


async def test_too_many_tries_are_refused_alike_for_an_unknown_number(client: Client) -> None:
    await client.open_account()
    thief = client.another()
    for nir in (NIR, STRANGER):
        for _ in range(5):
            assert (await thief.log_in("9999", nir)).status_code == 401
    known, unknown = await thief.log_in("7294", NIR), await thief.log_in("7294", STRANGER)
    assert known.status_code == 429
    assert 55 <= int(known.headers["retry-after"]) <= 60
    assert known.json()["type"] == "/problems/too-many-attempts"
    assert {**bare(known)[2]} == {**bare(unknown)[2]}
    assert set(known.headers) == set(unknown.headers)
    assert (await client.log_in("7294")).status_code == 200


async def test_whoever_asked_for_a_code_tries_it_although_a_stranger_blocked_the_number(client: Client) -> None:
    await client.open_account()
    stranger, owner = client.another(), client.another()
    for _ in range(12):
        await stranger.log_in("00000001")
    asking = {"nir": NIR, "birth_date": FORM["birth_date"]}
    assert (await owner.call("POST", "/code-resets", asking, key="asked-0001")).status_code == 202
    body = {"nir": NIR, "code": await client.mailed_code(CodeReset), "client_id": "web"}
    for key, nir, status in (
        (None, NIR, 429),
        ("asked-0002", NIR, 429),
        ("asked-0001", STRANGER, 401),
        ("asked-0001", NIR, 200),
    ):
        asked = {"asked_with": key} if key else {}
        answer = await owner.call("POST", "/sessions", {**body, **asked, "nir": nir})
        assert answer.status_code == status, (key, nir)


async def test_fifty_log_ins_at_once_with_one_provisional_code_open_one_session(client: Client) -> None:
    await client.call("POST", "/accounts", FORM)
    body = {"nir": NIR, "code": await client.mailed_code(AccountCreated), "client_id": "web"}
    answers = await asyncio.gather(*(client.call("POST", "/sessions", body) for _ in range(50)))
    codes = [answer.status_code for answer in answers]
    assert codes.count(200) == 1
    assert set(codes) <= {200, 401, 429}
    assert await client.app.state.service.database["sessions"].count({}) == 1


async def test_a_forgotten_code_is_replaced_by_mail_and_the_answer_is_neutral(client: Client) -> None:
    await client.open_account()
    bodies = [
        {"nir": NIR, "birth_date": "1985-03-14"},
        {"nir": NIR, "birth_date": "1985-03-15"},
        {"nir": STRANGER, "birth_date": "1985-03-14"},
    ]
    answers = [await client.call("POST", "/code-resets", body) for body in bodies]
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert answers[0].status_code == 202
    assert set(answers[0].json()) == {"message", "spam_hint", "caisse_hint", "caisse"}
    assert "x-read-after" not in answers[0].headers
    assert (await client.log_in(await client.mailed_code(CodeReset))).json()["code_change_required"] is True


async def test_a_code_change_needs_the_current_code_and_a_strong_new_one(client: Client) -> None:
    await client.open_account()
    for body, pointer, code in (
        ({"new_code": "6283"}, "/current_code", "missing"),
        ({"new_code": "6283", "current_code": "9999"}, "/current_code", "wrong-code"),
        ({"new_code": "1403", "current_code": "7294"}, "/new_code", "weak-code"),
    ):
        refused = await client.call("PUT", "/me/code", body)
        assert refused.status_code == 422
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    good = {"new_code": "6283", "current_code": "7294"}
    for _ in range(7):  # the code that was right the first time is not tried again
        assert (await client.call("PUT", "/me/code", good, key="click-0002")).status_code == 204
    assert (await client.log_in("6283")).status_code == 200
    assert LogInBlocked not in [type(event) for event in await events(client.app)]


async def test_a_code_that_cannot_be_chosen_is_refused_before_it_is_hashed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.open_account("7294")
    hashed: list[AccessCode] = []

    async def hash_nothing(_: Codes, code: AccessCode) -> str:
        hashed.append(code)
        raise Unavailable

    monkeypatch.setattr(Codes, "hash", hash_nothing)
    for body in ({"new_code": "6283"}, {"new_code": "1234", "current_code": "7294"}):
        assert (await client.call("PUT", "/me/code", body)).status_code == 422
    assert hashed == []
    assert (await client.call("PUT", "/me/code", {"new_code": "6283", "current_code": "7294"})).status_code == 503
    assert hashed == [AccessCode("6283")]


async def test_wrong_codes_before_a_change_block_it_and_are_told(client: Client) -> None:
    await client.open_account()
    wrong = {"new_code": "6283", "current_code": "9999"}
    refused = [(await client.call("PUT", "/me/code", wrong)).status_code for _ in range(6)]
    assert refused == [422] * 5 + [429]
    assert (await last(client.app, LogInBlocked)).failed_attempts == 5


async def test_of_three_forgotten_codes_a_day_the_last_goes_to_a_known_device_alone(client: Client) -> None:
    await client.open_account()
    asked = {"nir": NIR, "birth_date": FORM["birth_date"]}

    async def sent(body: dict[str, Any]) -> int:
        assert (await client.another().call("POST", "/code-resets", body)).status_code == 202
        return sum(isinstance(event, CodeReset) for event in await events(client.app))

    strangers = [await sent({**asked, "device_token": token}) for token in ("", "not one of ours", "")]
    assert strangers == [1, 2, 2]
    assert await sent({**asked, "device_token": client.device}) == 3


async def test_a_code_change_that_is_sent_again_is_answered_again(client: Client) -> None:
    await client.call("POST", "/accounts", FORM)
    await client.log_in(await client.mailed_code(AccountCreated))
    for _ in range(2):
        answer = await client.call("PUT", "/me/code", {"new_code": "7294"}, key="click-0003")
        assert answer.status_code == 204


async def test_a_log_in_and_a_refresh_that_are_sent_again_are_answered_with_the_same_session(client: Client) -> None:
    await client.call("POST", "/accounts", FORM)
    body = {"nir": NIR, "code": await client.mailed_code(AccountCreated), "client_id": "web"}
    first, again = [await client.call("POST", "/sessions", body, key="click-0004") for _ in range(2)]
    assert first.json()["session_id"] == again.json()["session_id"]
    assert first.headers["x-read-after"].startswith("identity=")
    renew = {"refresh_token": again.json()["refresh_token"]}
    next_1, next_2 = [await client.call("POST", "/sessions/refresh", renew, key="click-0005") for _ in range(2)]
    assert next_1.json()["refresh_token"] == next_2.json()["refresh_token"]
    assert (await client.call("POST", "/sessions/refresh", renew, key="click-0006")).status_code == 401
    renew = {"refresh_token": next_1.json()["refresh_token"]}
    assert (await client.call("POST", "/sessions/refresh", renew)).status_code == 401


async def test_sessions_are_listed_ended_and_refreshed_by_their_owner_alone(client: Client) -> None:
    await client.open_account()
    first = dict(client.session)
    await client.log_in("7294", client_id="android")
    listed = (await client.call("GET", "/sessions")).json()["sessions"]
    assert [(each["client_id"], each["current"]) for each in listed] == [("android", True), ("web", False)]
    stranger = Client(client.http, client.app, dict(client.session), MARC)
    unknown = await stranger.call("DELETE", f"/sessions/{uuid4()}")
    foreign = await stranger.call("DELETE", f"/sessions/{first['session_id']}")
    assert unknown.status_code == 404
    assert bare(unknown) == bare(foreign)
    assert (await client.call("DELETE", f"/sessions/{first['session_id']}")).status_code == 204
    assert (await client.refresh(first["refresh_token"])).status_code == 401
    old = client.session["refresh_token"]
    assert (await client.refresh()).status_code == 200
    assert (await client.refresh(old)).status_code == 401
    assert (await client.refresh()).status_code == 401
    assert (await client.call("DELETE", "/sessions/current")).status_code == 204
    assert (await client.call("GET", "/sessions")).json() == {"sessions": []}


async def test_the_profile_shows_no_number_and_a_masked_email(client: Client) -> None:
    await client.open_account()
    answer = await client.call("GET", "/me")
    profile = answer.json()
    assert (profile["first_name"], profile["last_name"], profile["caisse"]) == ("Lucie", "EXEMPLE", "29")
    assert (profile["email"], profile["email_validated"]) == ("l***@exemple.invalid", True)
    assert "2850329990901" not in answer.text


async def test_no_code_token_number_or_email_is_stored_in_clear(client: Client) -> None:
    await client.open_account()
    provisional = await client.mailed_code(AccountCreated)
    database = client.app.state.service.database
    stored = [str(each) for name in (*INDEXES, "outbox", "answers") for each in await database[name].find({})]
    for canary in (provisional, "2850329990901", "lucie@", client.session["refresh_token"]):
        assert not any(canary in each for each in stored)


async def test_the_keys_are_public_and_only_public(client: Client) -> None:
    [key] = (await client.call("GET", "/jwks")).json()["keys"]
    assert (key["kty"], key["crv"], "d" in key) == ("OKP", "Ed25519", False)
