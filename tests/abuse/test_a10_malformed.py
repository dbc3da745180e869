"""A10: whatever is wrong with a request, the answer is a problem that says so, quotes nothing, and stores nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from services.gateway.domain.capabilities import CAPABILITIES, Access, Capability
from tests.abuse.callers import Browser, Caller, Reply, all_of, nobody
from tests.abuse.operations import BODIES, WITH_ID, body_of, filled, ids_in, name_of, takes_body
from tests.abuse.residents import Resident
from tests.world import World

SECRET = "193059999999942"
MARK = "zzcanary"
UNREADABLE = {
    "not JSON": b"{",
    "not UTF-8": b'{"nir": "\xff"}',
    "NaN": b'{"nir": NaN}',
    "infinite": b'{"nir": -Infinity}',
    "half a surrogate pair": b'{"nir": "\\ud800"}',
    "half a surrogate pair as a key": b'{"\\udfff": 1}',
    "NUL": b'{"nir": "\\u0000"}',
    "NUL as it is": b'{"nir": "\x00"}',
    "NUL in a key": b'{"ni\\u0000r": 1}',
    "duplicate key": b'{"nir": "1", "nir": "2"}',
    "duplicate key further in": b'{"nir": {"a": 1, "\\u0061": 2}}',
    "2^63": b'{"nir": 9223372036854775808}',
    "-2^64": b'{"nir": -18446744073709551616}',
    "a number of 5,000 digits": b'{"nir": ' + b"9" * 5000 + b"}",
    "very deep": b"[" * 30_000,
    "deep and closed": b"[" * 20_000 + b"]" * 20_000,
    "two documents": b"{} {}",
    "a comment": b"{} // x",
}
NO_OBJECTS: tuple[bytes, ...] = (b"null", b"[]", b'"text"', b"1", b"true", b"[{}]")
WRONG_VALUES: tuple[Any, ...] = (
    {"$ne": None},
    {"$gt": ""},
    {"$where": "1"},
    {"a.b": 1},
    ["285032999090195"],
    None,
    True,
    285032999090195,
    1.5,
    "",
    "２８５０３２９９９０９０１９５",
    "28503299909019599",
    "2" * 25_000,
    "\u202e\u0007",
)
STRANGE_NAMES = ("role", "verified", "account_id", "person_id", f"{MARK}.b", f"${MARK}", "__proto__", "nir[$ne]", "")
STRANGE_IDS = (
    *(
        "%00",
        "..",
        "%2e%2e",
        "..%2f..%2fjwks",
        "%ff",
        "a.b",
        "$ne",
        "x" * 65,
        "%EF%BC%91",
        "%0d%0aX:y",
        "%7B%7D",
        "[$ne]",
    ),
    *("1'or'1", "%ED%A0%80", "*", "null", "-1", "9223372036854775808", "undefined", ";", "%25%30%30"),
)
QUERIES = (
    *(
        "cursor=%FF",
        "cursor=%00",
        "cursor[$ne]=",
        "cursor=$ne",
        "cursor=" + "A" * 4000,
        "from=yesterday",
        "from[$gt]=1",
    ),
    *("from=%EF%BC%92026-01-01", "kind[$ne]=x", "kind=%ED%A0%80", "beneficiary=%00", f"{MARK}=1", "cursor=a&cursor=b"),
    *("cursor=" + "MjAyNi0xMS0yNHwx", "to=9999-99-99", "from=0000-00-00", "%00=1", "=", "&&&", "cursor=NaN"),
)
BODIED = [each for each in CAPABILITIES if takes_body(each)]
# What may be left out may be null; whatever is written may be a name, or a token that is none of ours.
OPTIONAL = {"current_code", "device_token", "ticket", "error"}
FREE = {"last_name", "name", "device_token", "error", "state"}
OF_FRANCECONNECT = {"code"}


@pytest.fixture(scope="module", autouse=True)
async def nothing_kept(world: World) -> AsyncIterator[None]:
    """No field of the test's own names is in any database, and no command of it was heard."""
    yield
    assert await asyncio.to_thread(_kept_marks, world) == []


def _kept_marks(world: World) -> list[str]:
    found = []
    for service in ("identity", "payments", "procedures", "notifications", "gateway"):
        database = world.database(service)
        for name in database.list_collection_names():
            found += [f"{service}.{name}: {key}" for row in database[name].find() for key in _strange(row)]
    return found


def _strange(value: Any) -> Iterator[str]:
    """The keys and texts in a row that a test put there, and keys that are operators."""
    match value:
        case Mapping():
            for key, each in value.items():
                if MARK in str(key) or str(key).startswith("$") or key in {"__proto__", "role", "verified"}:
                    yield str(key)
                yield from _strange(each)
        case list():
            for each in value:
                yield from _strange(each)
        case str() if MARK in value:
            yield value


@pytest.fixture(autouse=True)
async def fresh_limits(world: World) -> None:
    """A session may write 120 times a minute; these tests write oftener."""
    await asyncio.to_thread(world.database("gateway")["rates"].delete_many, {})


def who(each: Capability, owner: Resident) -> Caller:
    """Somebody who may call this operation."""
    return nobody(owner.world) if each.access is Access.PUBLIC else owner.phone


async def problem(caller: Caller, each: Capability, path: str, raw: bytes, **more: Any) -> Reply:
    """The refusal of a body. Asserts that it is one, of ours, and in time."""
    reply = await caller.send(each.method, path, raw=raw, idempotency_key=str(uuid4()), **more)
    assert 400 <= reply.status < 500, (path, reply.status, raw[:60])
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert (reply.body["status"], reply.body["type"][:10]) == (reply.status, "/problems/")
    assert reply.body["trace_id"]
    return reply


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_what_two_parsers_could_read_differently_is_a_400(owner: Resident, each: Capability) -> None:
    async def refused(name: str) -> None:
        await owner.wait_a_while()
        reply = await problem(who(each, owner), each, filled(each, owner.ids), UNREADABLE[name])
        assert reply.status == 400, name

    await all_of(refused, UNREADABLE)


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_a_body_that_is_no_object_is_a_422(owner: Resident, each: Capability) -> None:
    async def refused(raw: bytes) -> None:
        await owner.wait_a_while()
        assert (await problem(who(each, owner), each, filled(each, owner.ids), raw)).status == 422, raw

    await all_of(refused, NO_OBJECTS)


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_another_format_is_a_415_and_a_large_body_a_413(owner: Resident, each: Capability) -> None:
    caller, path = who(each, owner), filled(each, owner.ids)
    form = await problem(caller, each, path, b"nir[$ne]=1&code[$ne]=1", kind="application/x-www-form-urlencoded")
    large = await problem(caller, each, path, b'{"nir":"' + b"x" * 70_000 + b'"}')
    assert (form.status, large.status) == (415, 413)


def _wrong(each: Capability) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    body = body_of(each) or {}
    others = OF_FRANCECONNECT if "franceconnect" in each.path else set()
    for field in body:
        for value in WRONG_VALUES:
            right = field in OPTIONAL | others if value is None else isinstance(value, str) and field in FREE | others
            if not right:
                yield field, value, {**body, field: value}


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_a_wrong_value_of_any_field_is_a_422_that_names_it_and_never_quotes_it(
    owner: Resident, each: Capability
) -> None:
    async def refused(wrong: tuple[str, Any, dict[str, Any]]) -> None:
        field, value, body = wrong
        await owner.wait_a_while()
        reply = await problem(who(each, owner), each, filled(each, owner.ids), json.dumps(body).encode())
        assert reply.status == 422, (field, value)
        assert {error["pointer"].split("/")[1] for error in reply.body["errors"]} == {field}, value
        if isinstance(value, str) and len(value) > 4:
            assert value not in reply.text
            assert value[:20] not in reply.text

    await all_of(refused, _wrong(each))


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_a_field_that_nobody_asked_for_is_refused(owner: Resident, each: Capability) -> None:
    async def refused(name: str) -> None:
        await owner.wait_a_while()
        body = {**(body_of(each) or {}), name: True}
        reply = await problem(who(each, owner), each, filled(each, owner.ids), json.dumps(body).encode())
        assert reply.status == 422, name
        assert [error["code"] for error in reply.body["errors"]] == ["extra_forbidden"], name

    await all_of(refused, STRANGE_NAMES)


@pytest.mark.parametrize("each", BODIED, ids=name_of)
async def test_missing_fields_are_all_listed(owner: Resident, each: Capability) -> None:
    reply = await who(each, owner).send(each.method, filled(each, owner.ids), {}, idempotency_key=str(uuid4()))
    if reply.status == 422 and reply.slug == "invalid-input":
        listed = {error["pointer"][1:] for error in reply.body["errors"]}
        assert listed <= (body_of(each) or {}).keys()
        assert {error["code"] for error in reply.body["errors"]} <= {"missing", "current_code"}
    else:
        # Nothing is missing where a body may be empty: what is missing is the proof.
        assert each.path.endswith(("/options", "/me")), (reply.status, reply.slug)


async def test_two_wrong_fields_are_two_entries_and_no_value_is_quoted(world: World) -> None:
    body = {**BODIES["POST /accounts"], "nir": SECRET + "x", "postal_code": "292OO"}
    reply = await nobody(world).send("POST", "/accounts", body, idempotency_key=str(uuid4()))
    assert sorted(error["pointer"] for error in reply.body["errors"]) == ["/nir", "/postal_code"]
    assert SECRET not in reply.text


@pytest.mark.parametrize("each", WITH_ID, ids=name_of)
async def test_what_cannot_be_an_id_names_nothing(owner: Resident, each: Capability) -> None:
    async def refused(strange: str) -> None:
        await owner.wait_a_while()
        path = filled(each, dict.fromkeys(ids_in(each), strange))
        reply = await who(each, owner).send(each.method, path, body_of(each), idempotency_key=str(uuid4()))
        assert 400 <= reply.status < 500, (path, reply.status)
        assert "json" in reply.headers["content-type"]

    await all_of(refused, STRANGE_IDS)


@pytest.mark.parametrize("each", [each for each in CAPABILITIES if each.method == "GET"], ids=name_of)
async def test_no_query_is_a_bug(owner: Resident, each: Capability) -> None:
    async def answered(query: str) -> None:
        reply = await who(each, owner).send("GET", f"{filled(each, owner.ids)}?{query}")
        assert reply.status in {200, 302, 400, 404, 422}, (query, reply.status)

    await all_of(answered, QUERIES)


@pytest.mark.parametrize(
    "query",
    [
        *("state[$ne]=1&code[$ne]=1", "state=%00&code=%00", "state=%ED%A0%80", "state=" + "x" * 3000, "code=%0d%0aA:b"),
        *("state=%EF%BC%91&code=c", "error=%3Cscript%3E", "state=a&state=b", "state=NaN&code=9223372036854775808"),
    ],
)
async def test_whatever_comes_back_from_elsewhere_ends_on_a_page(world: World, query: str) -> None:
    reply = await Browser.at(world, franceconnect="t" * 43).send("GET", f"/franceconnect/callback?{query}")
    assert reply.status == 302
    assert reply.headers["location"].startswith(("/connexion?", "/franceconnect?"))
    assert "<" not in reply.headers["location"]


@pytest.mark.parametrize(
    "key", ["x", "x" * 65, "a b c d e f", "１２３４５６７８９", "$ne-$ne-$ne", "a\tb-cdefgh", "{'$ne':1}"]
)
async def test_an_idempotency_key_that_is_none_is_refused(owner: Resident, key: str) -> None:
    reply = await owner.phone.send("POST", "/requests", {"kind": "vitale-card-order"}, idempotency_key=key)
    assert reply.status in {400, 422}, reply.status


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/home"), ("GET", "/payments/%00")])
async def test_a_wrong_address_or_method_is_a_problem_too(world: World, method: str, path: str) -> None:
    reply = await nobody(world).send(method, path)
    assert 400 <= reply.status < 500
    assert reply.headers["content-type"] == "application/problem+json"


async def test_an_operator_is_no_code_and_opens_nothing(world: World, owner: Resident) -> None:
    for code in ({"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, ["48151623"], None, True):
        said = {"nir": owner.person.nir, "code": code, "client_id": "android"}
        assert (await nobody(world).send("POST", "/sessions", said)).status == 422
    form = await nobody(world).send(
        "POST", "/sessions", raw=b"nir[$ne]=&code[$ne]=&client_id=web", kind="application/x-www-form-urlencoded"
    )
    assert form.status == 415
