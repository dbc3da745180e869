"""Passkeys over HTTP, made and used by an authenticator in software that can lie in one respect at a time."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.identity import LoggedIn, PasskeyAdded, PasskeyRemoved
from tests.authenticator import Authenticator, decoded, encoded
from tests.integration.identity.device import Client, bare, claims_of, events, last
from tests.unit.identity.fakes import LUCIE, MARC

ORIGIN, CODE = "http://localhost:8400", {"current_code": "7294"}
Wrong = Callable[[Authenticator, dict[str, Any]], dict[str, Any]]


async def options(client: Client, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await client.call("POST", "/me/passkeys/options", CODE if body is None else body)
    assert answer.status_code == 200, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


async def add(client: Client, key: Authenticator, **more: Any) -> httpx.Response:
    begun = await options(client)
    made = {"ceremony_id": begun["ceremony_id"], "credential": key.create(begun["public_key"]), **more}
    return await client.call("POST", "/me/passkeys", made)


async def ask(client: Client) -> dict[str, Any]:
    answer = await client.call("POST", "/sessions/passkeys/options", {})
    assert answer.status_code == 200
    begun: dict[str, Any] = answer.json()
    return begun


async def use(client: Client, ceremony_id: str, credential: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"ceremony_id": ceremony_id, "credential": credential, "client_id": "web", **more}
    return await client.call("POST", "/sessions/passkeys", body)


async def log_in(client: Client, key: Authenticator, **more: Any) -> httpx.Response:
    begun = await ask(client)
    return await use(client, begun["ceremony_id"], key.get(begun["public_key"]), **more)


async def with_passkey(client: Client, **more: Any) -> Authenticator:
    await client.open_account()
    key = Authenticator(ORIGIN, **more)
    assert (await add(client, key)).status_code == 201
    return key


async def test_from_an_account_with_a_code_to_a_log_in_without(client: Client) -> None:
    await client.open_account()
    begun = await options(client)
    assert begun["expires_in"] == 300
    asked = begun["public_key"]
    assert (asked["rp"]["id"], asked["user"]["name"], asked["attestation"]) == ("localhost", "Lucie EXEMPLE", "none")
    assert decoded(asked["user"]["id"]) == LUCIE.bytes
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-7, -8, -257]
    chosen = asked["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    key = Authenticator(ORIGIN)
    made = {"ceremony_id": begun["ceremony_id"], "credential": key.create(asked), "name": "Téléphone"}
    added = await client.call("POST", "/me/passkeys", made, key="click-0001")
    assert (added.status_code, added.json()["name"]) == (201, "Téléphone")
    assert (await client.call("POST", "/me/passkeys", made, key="click-0001")).content == added.content
    assert (await last(client.app, PasskeyAdded)).person_id == LUCIE
    session = await log_in(client, key)
    assert session.status_code == 200
    claims = claims_of(session.json()["access_token"], client.app)
    assert (claims["sub"], claims["acr"], claims["scope"]) == (str(LUCIE), "eidas2", "full")
    assert (await last(client.app, LoggedIn)).current.way == "passkey"
    known = session.json()["device_token"]
    assert (await log_in(client, key, device_token=known)).status_code == 200
    assert not (await last(client.app, LoggedIn)).new_device
    [listed] = (await client.call("GET", "/me/passkeys")).json()["passkeys"]
    assert listed["passkey_id"] == added.json()["passkey_id"]
    assert listed["used_at"] is not None


async def test_the_options_of_a_log_in_name_nobody_and_no_passkey(client: Client) -> None:
    nobody = await ask(client)
    await with_passkey(client)
    somebody = await ask(client)
    for begun in (nobody, somebody):
        assert begun.pop("ceremony_id")
        assert begun["public_key"].pop("challenge")
    assert nobody == somebody
    assert nobody["public_key"]["allowCredentials"] == []
    assert nobody["public_key"]["userVerification"] == "required"


async def test_a_passkey_of_an_authenticator_that_does_not_count_works_again_and_again(client: Client) -> None:
    key = await with_passkey(client, counts=False)
    assert [(await log_in(client, key)).status_code for _ in range(2)] == [200, 200]


def changed(credential: dict[str, Any], **but: str) -> dict[str, Any]:
    return {**credential, "response": {**credential["response"], **but}}


def flipped(text: str) -> str:
    return encoded(bytes([*decoded(text)[:-1], decoded(text)[-1] ^ 1]))


def at(key: Authenticator, **lie: Any) -> Authenticator:
    """The same passkey, lying in one respect."""
    for name, value in lie.items():
        setattr(key, name, value)
    return key


def without_presence(key: Authenticator, asked: dict[str, Any]) -> dict[str, Any]:
    made = key.get(asked)
    data = bytearray(decoded(made["response"]["authenticatorData"]))
    data[32] &= 0xFE
    return changed(made, authenticatorData=encoded(bytes(data)))


USES: dict[str, Wrong] = {
    "another origin": lambda key, asked: at(key, origin="https://compte.exemple.invalid").get(asked),
    "another port": lambda key, asked: at(key, origin="http://localhost:8401").get(asked),
    "another domain": lambda key, asked: at(key, domain="exemple.invalid").get(asked),
    "inside another page": lambda key, asked: at(key, cross_origin=True).get(asked),
    "another challenge": lambda key, asked: key.get({**asked, "challenge": encoded(b"x" * 43)}),
    "no check of its owner": lambda key, asked: at(key, verifies=False).get(asked),
    "nobody present": without_presence,
    "a changed signature": lambda key, asked: (
        made := key.get(asked),
        changed(made, signature=flipped(made["response"]["signature"])),
    )[1],
    "the signature of another key": lambda key, asked: at(
        Authenticator(ORIGIN, credential_id=key.credential_id, handle=key.handle, sign_count=5)
    ).get(asked),
    "an unknown passkey": lambda key, asked: at(key, credential_id=b"unknown").get(asked),
    "another person's handle": lambda key, asked: at(key, handle=MARC.bytes).get(asked),
    "a handle of nobody": lambda key, asked: at(key, handle=b"x").get(asked),
    "a counter that went back": lambda key, asked: at(key, sign_count=-1).get(asked),
    "an id that is not the raw one": lambda key, asked: {**key.get(asked), "id": encoded(b"other")},
    "the answer to another question": lambda key, asked: (
        made := key.get(asked),
        changed(made, clientDataJSON=_told(made, type="webauthn.create")),
    )[1],
    "no JSON": lambda key, asked: changed(key.get(asked), clientDataJSON=encoded(b"\xff")),
    "JSON of another shape": lambda key, asked: changed(key.get(asked), clientDataJSON=encoded(b"[[]]")),
    "a challenge that is no text": lambda key, asked: (
        made := key.get(asked),
        changed(made, clientDataJSON=_told(made, challenge=1)),
    )[1],
    "no data": lambda key, asked: changed(key.get(asked), authenticatorData="AA"),
}


def _told(made: dict[str, Any], **but: Any) -> str:
    told = json.loads(decoded(made["response"]["clientDataJSON"]))
    return encoded(json.dumps({**told, **but}).encode())


async def test_whatever_is_wrong_with_an_answer_is_refused_alike(client: Client) -> None:
    key = await with_passkey(client)
    assert (await log_in(client, key)).status_code == 200

    def copy() -> Authenticator:
        return Authenticator(ORIGIN, credential_id=key.credential_id, handle=key.handle, key=key.key, sign_count=5)

    answers = []
    for wrong in USES.values():
        begun = await ask(client)
        answers.append(await use(client, begun["ceremony_id"], wrong(copy(), begun["public_key"])))
    assert [answer.status_code for answer in answers] == [401] * len(USES)
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert answers[0].json()["type"] == "/problems/passkey-refused"
    assert [type(each).__name__ for each in await events(client.app)].count("LoggedIn") == 2
    assert (await log_in(client, copy())).status_code == 200


async def test_an_answer_works_once_and_for_its_own_question(client: Client) -> None:
    key = await with_passkey(client)
    begun, other = await ask(client), await ask(client)
    signed = key.get(begun["public_key"])
    assert (await use(client, other["ceremony_id"], signed)).status_code == 401
    assert (await use(client, encoded(b"never put to anybody, I say")[:36], signed)).status_code == 401
    answers = await asyncio.gather(*(use(client, begun["ceremony_id"], signed) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]
    adding = await options(client)
    to_add = {**begun["public_key"], "challenge": adding["public_key"]["challenge"]}
    assert (await use(client, adding["ceremony_id"], key.get(to_add))).status_code == 401


MADE: dict[str, Wrong] = {
    "another origin": lambda key, asked: at(key, origin="https://compte.exemple.invalid").create(asked),
    "another domain": lambda key, asked: at(key, domain="exemple.invalid").create(asked),
    "inside another page": lambda key, asked: at(key, cross_origin=True).create(asked),
    "another challenge": lambda key, asked: key.create({**asked, "challenge": encoded(b"x" * 43)}),
    "no check of its owner": lambda key, asked: at(key, verifies=False).create(asked),
    "an id that is not its own": lambda key, asked: {
        **key.create(asked),
        "id": encoded(b"other"),
        "rawId": encoded(b"other"),
    },
    "no CBOR": lambda key, asked: changed(key.create(asked), attestationObject="_w"),
    "CBOR too deep": lambda key, asked: changed(key.create(asked), attestationObject=encoded(b"\x81" * 9000)),
    "cut short": lambda key, asked: (
        made := key.create(asked),
        changed(made, attestationObject=made["response"]["attestationObject"][:200]),
    )[1],
}


async def test_whatever_is_wrong_with_a_new_passkey_is_refused_and_nothing_is_added(client: Client) -> None:
    await client.open_account()
    answers = []
    for wrong in MADE.values():
        begun = await options(client)
        made = {"ceremony_id": begun["ceremony_id"], "credential": wrong(Authenticator(ORIGIN), begun["public_key"])}
        answers.append(await client.call("POST", "/me/passkeys", made))
    assert [answer.status_code for answer in answers] == [422] * len(MADE)
    assert {answer.json()["type"] for answer in answers} == {"/problems/passkey-not-added"}
    assert (await client.call("GET", "/me/passkeys")).json() == {"passkeys": []}


async def test_a_question_to_one_person_is_not_answered_by_another_nor_twice(client: Client) -> None:
    await client.open_account()
    begun, key = await options(client), Authenticator(ORIGIN)
    made = {"ceremony_id": begun["ceremony_id"], "credential": key.create(begun["public_key"])}
    assert (await client.call("POST", "/me/passkeys", made)).status_code == 201
    assert (await client.call("POST", "/me/passkeys", made)).status_code == 422
    again = await options(client)
    assert [each["id"] for each in again["public_key"]["excludeCredentials"]] == [encoded(key.credential_id)]
    twice = {"ceremony_id": again["ceremony_id"], "credential": key.create(again["public_key"])}
    assert (await client.call("POST", "/me/passkeys", twice)).status_code == 422


async def test_adding_needs_the_current_code_and_no_other(client: Client) -> None:
    await client.open_account()
    for body, code in (({}, "missing"), ({"current_code": "9999"}, "wrong-code")):
        refused = await client.call("POST", "/me/passkeys/options", body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_passkeys_are_seen_and_removed_by_their_owner_alone(client: Client) -> None:
    key = await with_passkey(client)
    [listed] = (await client.call("GET", "/me/passkeys")).json()["passkeys"]
    path = f"/me/passkeys/{listed['passkey_id']}"
    unknown = await client.call("DELETE", f"/me/passkeys/{uuid4()}")
    assert unknown.status_code == 404
    assert (await client.call("DELETE", path)).status_code == 204
    assert (await last(client.app, PasskeyRemoved)).person_id == LUCIE
    assert bare(await client.call("DELETE", path)) == bare(unknown)
    assert (await log_in(client, key)).status_code == 401


@pytest.mark.parametrize(
    ("path", "change", "pointer"),
    [
        ("/sessions/passkeys", {"role": "agent"}, "/role"),
        ("/sessions/passkeys", {"client_id": "pirate"}, "/client_id"),
        ("/sessions/passkeys", {"ceremony_id": {"$ne": ""}}, "/ceremony_id"),
        ("/sessions/passkeys", {"credential": {"$where": "1"}}, "/credential/id"),
        ("/sessions/passkeys", {"credential": None}, "/credential"),
        ("/me/passkeys", {"name": "a\u0000b".replace("\u0000", "\n")}, "/name"),
        ("/me/passkeys", {"name": "x" * 51}, "/name"),
        ("/me/passkeys", {"ceremony_id": "été" * 10}, "/ceremony_id"),
    ],
)
async def test_malformed_input_is_refused_and_not_quoted(
    client: Client, path: str, change: dict[str, Any], pointer: str
) -> None:
    await client.open_account()
    begun, key = await options(client), Authenticator(ORIGIN)
    adding = {"ceremony_id": begun["ceremony_id"], "credential": key.create(begun["public_key"])}
    asked = await ask(client)
    using = {"ceremony_id": asked["ceremony_id"], "credential": key.get(asked["public_key"]), "client_id": "web"}
    refused = await client.call("POST", path, {**(using if "sessions" in path else adding), **change})
    assert refused.status_code == 422
    assert pointer in [each["pointer"] for each in refused.json()["errors"]]
    assert "pirate" not in refused.text
    assert base64.b64encode(key.credential_id).decode() not in refused.text
