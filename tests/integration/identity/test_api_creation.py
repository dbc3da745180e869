"""Creating an account over HTTP: one route, two forms, one neutral answer (domain F25, F26)."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis import clock
from chassis.sealed import Sealer
from contracts.identity import AccountCreated, CodeReset, CreationWay, LoggedIn, NirCertified, ResetReason
from contracts.sealed import Sealed
from services.identity import register
from tests.integration.identity.device import FORM, LINES, NIR, SECRETS, STRANGER, Client, bare, events, last
from tests.unit.identity.fakes import LUCIE

CARD = {"iban": "FR5912345123450000DEMO00115", "vitale_serial": "9000000001"}
APP = {"nir": NIR, "iban": "fr59 1234 5123 4500 00de mo00 115", "vitale_serial": "9000000001", "email": FORM["email"]}


def line(**but: Any) -> bytes:
    """Lucie's line of the register."""
    return json.dumps({**json.loads(LINES[0]), **CARD, **but}).encode()


async def take(client: Client, *lines: bytes) -> register.Import:
    """The caisse's register is imported."""
    sealer = client.app.state.service.sealer
    taken = register.Import(lambda number: sealer.seal(number, "procedures"))
    await taken.take(lines, client.app.state.work)
    return taken


async def test_iban_and_card_make_an_account(client: Client) -> None:
    await take(client, line())
    answer = await client.call("POST", "/accounts", APP)
    assert (answer.status_code, set(answer.json())) == (202, {"message", "spam_hint"})
    assert (await last(client.app, AccountCreated)).way is CreationWay.CARD_AND_IBAN
    assert (await client.log_in(await client.mailed_code(AccountCreated))).status_code == 200


async def test_a_card_in_a_register_from_before_cards_had_a_state_is_active_and_an_opposed_one_proves_nothing(
    client: Client,
) -> None:
    await take(client, line(card_state="opposed"))
    await client.call("POST", "/accounts", APP)
    assert await events(client.app) == []
    await client.app.state.service.database["insured"].update({"_id": str(LUCIE)}, {"$unset": {"card_state": ""}})
    await client.call("POST", "/accounts", APP)
    assert (await last(client.app, AccountCreated)).way is CreationWay.CARD_AND_IBAN


@pytest.mark.parametrize("born", ["1955-00-00", "1955-03-00"])
async def test_a_birth_date_that_civil_status_knows_in_part_opens_and_resets_an_account(
    client: Client, born: str
) -> None:
    number = "155201499091151"
    await take(client, line(person_id=str(uuid4()), nir=number, birth_date=born))
    await client.call("POST", "/accounts", {**FORM, "nir": number, "birth_date": "1955-01-01"})
    assert await events(client.app) == []
    await client.call("POST", "/accounts", {**FORM, "nir": number, "birth_date": born})
    created = await last(client.app, AccountCreated)
    assert created.model_dump(mode="json")["birth_date"] == born
    assert (await client.log_in(await client.mailed_code(AccountCreated), nir=number)).status_code == 200
    await client.call("POST", "/code-resets", {"nir": number, "birth_date": born})
    assert (await last(client.app, CodeReset)).reason is ResetReason.FORGOTTEN


async def test_both_forms_are_answered_alike_whatever_happens(client: Client) -> None:
    await take(client, line())
    answers = [
        await client.call("POST", "/accounts", form)
        for form in (
            APP,
            APP,
            FORM,
            {**APP, "vitale_serial": "9000000002"},
            {**APP, "iban": "BE32123456789002"},
            {**APP, "nir": "1831131990902", "vitale_serial": "9000000002"},
            {**APP, "nir": STRANGER},
            {**APP, "email": "other@exemple.invalid"},
            {**FORM, "last_name": "AUTRE"},
            {**APP, "email": "locked-by-now@exemple.invalid"},
            FORM,
        )
    ]
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert "x-read-after" not in answers[0].headers
    assert "36 46" in answers[0].json()["message"]
    assert "demain" in answers[0].json()["message"]
    told = [type(event).__name__ for event in await events(client.app)]
    assert told == ["AccountCreated", "CodeReset", "CodeReset", "AccountCreated"]


async def test_an_address_that_was_given_before_is_answered_like_a_free_one_opened_or_not(client: Client) -> None:
    marc = {**json.loads(LINES[1]), "regime": "general"}
    await take(client, json.dumps(marc).encode())
    his = {**FORM, "nir": marc["nir"], "last_name": "fictif", "birth_date": marc["birth_date"]}
    accounts, half_an_hour = client.app.state.service.database["accounts"], timedelta(minutes=30)
    answers = [await client.call("POST", "/accounts", FORM), await client.call("POST", "/accounts", his)]
    taken_at = clock.now() - half_an_hour
    await accounts.update({"_id": str(LUCIE)}, {"$set": {"created_at": taken_at}})
    answers.append(await client.call("POST", "/accounts", his))
    assert (await client.log_in(await client.mailed_code(AccountCreated), marc["nir"])).status_code == 200
    answers.append(await client.another().call("POST", "/accounts", FORM))
    assert len({str(bare(answer)) for answer in answers}) == 1
    told = [type(event).__name__ for event in await events(client.app) if not isinstance(event, LoggedIn)]
    assert told == [
        "AccountCreated",
        "AccountCreationAttempted",
        "AccountClosed",
        "AccountCreated",
        "EmailValidated",
        "AccountCreationAttempted",
    ]
    owner = await accounts.find_one({"_id": str(LUCIE)})
    assert owner
    assert (owner["email"], owner["email_index"]) == (None, f"none:{LUCIE}")


async def test_another_regime_is_named_in_the_application_to_whoever_is_recognised(client: Client) -> None:
    await take(client, line(regime="mgen"))
    guessed = await client.call("POST", "/accounts", {**APP, "vitale_serial": "9000000002"})
    assert guessed.status_code == 202
    refused = await client.call("POST", "/accounts", APP)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/regime-not-covered")
    assert "mgen.fr" in refused.json()["portal"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (
            {"iban": "canary-1"},
            {"/nir": "missing", "/iban": "iban-format", "/vitale_serial": "missing", "/email": "missing"},
        ),
        (
            {"nir": "canary-2", "vitale_serial": "canary-3", "email": "canary-4"},
            {
                "/nir": "nir-format",
                "/iban": "missing",
                "/vitale_serial": "string_pattern_mismatch",
                "/email": "email-format",
            },
        ),
        ({**APP, "last_name": "canary-5"}, {"/last_name": "extra_forbidden"}),
        ({**APP, "iban": "TN5910006035183598478831"}, {"/iban": "iban-outside-sepa"}),
        ({**APP, "iban": "FR0012345123451234567891A12"}, {"/iban": "iban-format"}),
        ({**APP, "vitale_serial": "1234567"}, {"/vitale_serial": "string_pattern_mismatch"}),
        ({**APP, "vitale_serial": "1" * 22}, {"/vitale_serial": "string_pattern_mismatch"}),
        ({**APP, "vitale_serial": "９０００００００"}, {"/vitale_serial": "string_pattern_mismatch"}),
        ({**APP, "vitale_serial": 9000000001}, {"/vitale_serial": "string_type"}),
        (
            {**APP, "iban": None, "vitale_serial": {"$ne": None}},
            {"/iban": "string_type", "/vitale_serial": "string_type"},
        ),
        (
            {"email": "canary-6"},
            {
                "/nir": "missing",
                "/last_name": "missing",
                "/birth_date": "missing",
                "/postal_code": "missing",
                "/email": "email-format",
            },
        ),
    ],
)
async def test_every_wrong_field_of_the_form_that_was_meant_is_listed_and_none_quoted(
    client: Client, body: dict[str, object], wrong: dict[str, str]
) -> None:
    answer = await client.call("POST", "/accounts", body)
    assert answer.status_code == 422
    assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == wrong
    for canary in ("canary", "TN59", "A12", "1234567", "9000000001"):
        assert canary not in answer.text.replace(answer.json().get("trace_id", "-"), "")


@pytest.mark.parametrize("body", [[], "text", 12, [APP], None])
async def test_what_is_not_an_object_is_neither_form(client: Client, body: object) -> None:
    answer = await client.call("POST", "/accounts", json.dumps(body).encode())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_description_offers_one_form_or_the_other(client: Client) -> None:
    body = client.app.openapi()["paths"]["/accounts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    names = [each["$ref"].rpartition("/")[2] for each in body["oneOf"]]
    assert names == ["WebAccountRequest", "AppAccountRequest"]
    schemas = client.app.openapi()["components"]["schemas"]
    assert [schemas[name]["additionalProperties"] for name in names] == [False, False]
    assert [len(schemas[name]["required"]) for name in names] == [5, 4]


async def test_a_certified_number_is_told_to_procedures_alone_and_both_numbers_open_the_account(client: Client) -> None:
    old, new, nadia = "896069935190689", "296069935190601", str(uuid4())
    await take(client, line(person_id=nadia, nir=old))
    assert (await client.call("POST", "/accounts", {**APP, "nir": old})).status_code == 202
    assert await events(client.app) == []
    taken = await take(client, *(line(person_id=nadia, nir=number) for number in (new, old, STRANGER, NIR, new)))
    assert (taken.changed, taken.unchanged) == (1, 1)
    assert taken.wrong == {
        2: "wrong: nir (this person has another one)",
        3: "wrong: nir (this person has another one)",
        4: "wrong: nir (another person has it)",
    }

    certified = await last(client.app, NirCertified)
    assert str(certified.person_id) == nadia
    readers = {each.header["kid"] for sealed in (certified.old, certified.new) for each in sealed.recipients}
    assert readers == {"procedures"}
    assert [opened_by("procedures", sealed) for sealed in (certified.old, certified.new)] == [old[:13], new[:13]]

    assert (await client.call("POST", "/accounts", {**APP, "nir": new})).status_code == 202
    assert (await client.log_in(await client.mailed_code(AccountCreated), nir=old)).status_code == 200
    assert str(client.person) == nadia


def opened_by(reader: str, sealed: Sealed) -> str:
    """What a service reads."""
    return Sealer(SECRETS[reader]["sealing_jwks"], SECRETS[reader]["sealing_key"]).open(sealed)
