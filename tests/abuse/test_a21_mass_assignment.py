"""A21: no body may say more than it is asked, and no answer says more than is published."""

from uuid import uuid4

import pytest

from services.gateway.domain.capabilities import CAPABILITIES, Access, Capability
from tests.abuse.callers import Caller, Reply, all_of, nobody
from tests.abuse.operations import READS, body_of, filled, name_of, query_of, takes_body
from tests.abuse.residents import Resident
from tests.abuse.shapes import names_in, schema_of, surplus
from tests.world import World

BODIED = [each for each in CAPABILITIES if takes_body(each)]
EXTRAS = {
    "role": "admin",
    "nir": "285032999090195",
    "verified": True,
    "account_id": str(uuid4()),
    "person_id": str(uuid4()),
    "email_validated": True,
    "scope": "full",
    "acr": "eidas3",
    "session_id": str(uuid4()),
    "channel": "app",
    "is_admin": True,
    "amount_cents": 1,
    "state": "closed",
}
FORBIDDEN = ("nir", "iban", "own_code", "hash", "provisional_code", "email_index", "version", "password")
WEB_ONLY_TOKENS = ("access_token", "refresh_token", "device_token")


def who(each: Capability, owner: Resident) -> Caller:
    """Somebody who may call it."""
    return nobody(owner.world) if each.access is Access.PUBLIC else owner.phone


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_no_body_may_say_more_than_it_is_asked(owner: Resident, each: Capability) -> None:
    body = body_of(each) or {}

    async def refused(name: str) -> None:
        sent = {**body, name: EXTRAS[name]}
        await owner.wait_a_while()
        reply = await who(each, owner).send(each.method, filled(each, owner.ids), sent, idempotency_key=str(uuid4()))
        assert (reply.status, reply.slug) == (422, "invalid-input"), name
        [error] = reply.body["errors"]
        assert (error["pointer"], error["code"]) == (f"/{name}", "extra_forbidden")

    await all_of(refused, EXTRAS.keys() - body.keys())


@pytest.mark.parametrize("each", READS, ids=name_of)
async def test_no_query_may_ask_for_somebody_else_or_for_more(
    owner: Resident, stranger: Resident, each: Capability
) -> None:
    for name in ("person_id", "account_id", "fields", "expand", "include", "user_id", "nir", "all"):
        query = f"{name}={owner.person.person_id}"
        reply = await stranger.phone.send("GET", f"{filled(each, stranger.ids)}?{query}")
        assert reply.status in {200, 422}
        assert owner.person.person_id not in reply.text
        assert owner.person.nir not in reply.text


def test_the_comparison_finds_what_it_is_for() -> None:
    published = {
        "type": "object",
        "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        "required": ["a"],
    }
    assert list(surplus({"a": None}, published)) == []
    assert list(surplus({"a": "x", "b": 1}, published)) == ["/b is not published"]
    assert list(surplus({}, published)) == ["/a is missing"]
    assert list(surplus({"a": 1}, published)) == ["/a: not of the type string"]


@pytest.mark.parametrize("each", [each for each in CAPABILITIES if each.method == "GET"], ids=name_of)
async def test_an_answer_has_exactly_the_published_fields(owner: Resident, each: Capability) -> None:
    if each.path in {"/franceconnect/authorize", "/franceconnect/callback"}:
        path, expected = f"{each.path}?client_id=ios&state=s", 200 if "authorize" in each.path else 302
    else:
        path, expected = f"{filled(each, owner.ids)}?{query_of(each)}".rstrip("?"), 200
    reply = await who(each, owner).send("GET", path)
    assert reply.status == expected
    if expected == 200:
        assert list(surplus(reply.body, schema_of(each, 200))) == []


@pytest.mark.parametrize("each", READS, ids=name_of)
async def test_no_answer_says_a_number_a_code_or_a_bank_account(owner: Resident, each: Capability) -> None:
    for caller in (owner.phone, await owner.browser()):
        reply = await caller.send("GET", filled(each, owner.ids))
        assert owner.person.nir not in reply.text
        assert owner.person.nir[:13] not in reply.text
        assert owner.code not in reply.text
        assert owner.email not in reply.text
        assert not set(names_in(reply.body)) & set(FORBIDDEN), name_of(each)


async def test_the_answers_to_writes_have_exactly_the_published_fields(world: World, owner: Resident) -> None:
    said = {"nir": owner.person.nir, "code": owner.code, "client_id": "android", "device_token": owner.device}
    tokens = await owner.log_in()
    answers: list[tuple[str, Reply]] = [
        ("POST /sessions", await nobody(world).send("POST", "/sessions", said)),
        (
            "POST /sessions/refresh",
            await nobody(world).send("POST", "/sessions/refresh", {"refresh_token": tokens["refresh_token"]}),
        ),
        ("POST /sessions/passkeys/options", await nobody(world).send("POST", "/sessions/passkeys/options", {})),
        ("POST /me/passkeys/options", await owner.write("POST", "/me/passkeys/options", {"current_code": owner.code})),
        ("POST /code-resets", await _reset(world)),
    ]
    by_name = {name_of(each): each for each in CAPABILITIES}
    for name, reply in answers:
        assert reply.status in {200, 202}, (name, reply.slug)
        assert list(surplus(reply.body, schema_of(by_name[name], reply.status))) == [], name


async def _reset(world: World) -> Reply:
    body = {"nir": "285032999090195", "birth_date": "1985-03-14"}
    return await nobody(world).send("POST", "/code-resets", body, idempotency_key=str(uuid4()))


async def test_a_browser_sees_no_token_and_an_address_is_masked(owner: Resident) -> None:
    browser = await owner.browser()
    replies = [await browser.send("POST", "/sessions/refresh")]
    replies += [await browser.send("GET", filled(each, owner.ids)) for each in READS]
    for reply in replies:
        assert not set(names_in(reply.body)) & set(WEB_ONLY_TOKENS)
        assert not any(value in reply.text for value in browser.cookies.values() if len(value) > 20)
    me = (await browser.send("GET", "/me")).body
    assert "*" in me["email"] or "…" in me["email"] or "•" in me["email"]
