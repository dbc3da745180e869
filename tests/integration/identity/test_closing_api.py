"""Closing one's own account over HTTP: once, only by its owner, and down to the last row."""

import asyncio

import pytest

from chassis.sealed import Sealer
from contracts.identity import AccountClosed, AccountCreated, SessionRevoked
from services.identity.store import INDEXES
from tests.integration.identity.device import FORM, SECRETS, Client, events, last
from tests.unit.identity.fakes import LUCIE

CODE = {"current_code": "7294"}
# The person stays insured; what was done with their data stays in the log of it.
STAYS = {"insured", "access_log"}


async def left(client: Client) -> dict[str, int]:
    """How many documents name Lucie, by collection."""
    database = client.app.state.service.database
    found = {name: sum(str(LUCIE) in str(each) for each in await database[name].find({})) for name in INDEXES}
    return {name: count for name, count in found.items() if count}


async def test_nothing_is_left_of_a_closed_account_but_the_register_and_its_address_is_told(client: Client) -> None:
    await client.open_account()
    await client.call("PUT", "/me/email", {"email": "new@exemple.invalid", **CODE})
    await client.call("POST", "/me/passkeys/options", CODE)
    assert (await client.another().log_in("7294")).status_code == 202
    assert {"accounts", "sessions", "devices", "challenges", "email_changes", "attempts"} <= (await left(client)).keys()

    answer = await client.call("DELETE", "/me", CODE)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await left(client)).keys() <= STAYS
    closed = await last(client.app, AccountClosed)
    reader = SECRETS["notifications"]
    assert closed.email
    assert Sealer(reader["sealing_jwks"], reader["sealing_key"]).open(closed.email) == FORM["email"]
    revoked = await last(client.app, SessionRevoked)
    assert [str(each) for each in revoked.session_ids] == [client.session["session_id"]]
    assert "lucie@" not in str(await events(client.app))


async def test_a_closure_that_is_sent_again_is_answered_alike_and_any_other_finds_no_session(client: Client) -> None:
    await client.open_account()
    answers = [await client.call("DELETE", "/me", CODE, key="click-0001") for _ in range(2)]
    assert [each.status_code for each in answers] == [204, 204]
    assert (await client.call("DELETE", "/me", CODE)).status_code == 401
    assert [type(each) for each in await events(client.app)].count(AccountClosed) == 1
    assert (await client.call("GET", "/me")).status_code == 404
    assert (await client.refresh()).status_code == 401

    again = client.another()
    assert (await again.call("POST", "/accounts", FORM)).status_code == 202
    assert (await again.log_in(await again.mailed_code(AccountCreated))).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, "/current_code"),
        ({"current_code": "9999"}, 422, "/current_code"),
        ({"current_code": 7294}, 422, "/current_code"),
        ({**CODE, "person_id": str(LUCIE)}, 422, "/person_id"),
        (b"null", 422, ""),
        (b"{", 400, None),
        (None, 422, ""),
    ],
)
async def test_whoever_holds_the_session_alone_closes_nothing(
    client: Client, body: object, status: int, pointer: str | None
) -> None:
    await client.open_account()
    refused = await client.call("DELETE", "/me", body)
    assert refused.status_code == status
    assert [each["pointer"] for each in refused.json().get("errors", [])] == ([pointer] if pointer is not None else [])
    assert AccountClosed not in {type(each) for each in await events(client.app)}
    assert (await client.call("GET", "/me")).status_code == 200


async def test_whatever_goes_on_while_an_account_is_closed_keeps_nothing_open(client: Client) -> None:
    await client.open_account()
    others = [client.another() for _ in range(3)]
    for each in others:
        each.session, each.person, each.device = dict(client.session), client.person, client.device
    closing, *going_on = await asyncio.gather(
        client.call("DELETE", "/me", CODE),
        *(each.log_in("7294") for each in others),
        client.another().refresh(client.session["refresh_token"]),
        client.call("PUT", "/me/code", {"new_code": "830561", **CODE}),
    )
    assert closing.status_code in {204, 422}
    assert {each.status_code for each in going_on} <= {200, 204, 401, 422}
    if closing.status_code == 204:
        assert (await left(client)).keys() <= STAYS | {"attempts"}
        for each in (client, *others):
            assert (await each.call("GET", "/me")).status_code == 404
            assert (await each.refresh()).status_code == 401
