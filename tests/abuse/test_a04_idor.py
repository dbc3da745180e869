"""A4: an id of somebody else's is an id that does not exist, to the byte; and so is their idempotency key."""

import asyncio
import base64
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.gateway.domain.capabilities import CAPABILITIES, Access, Capability
from tests.abuse.callers import Caller, Reply, nobody
from tests.abuse.operations import WITH_ID, body_of, filled, ids_in, name_of, operation, resolved, takes_body
from tests.abuse.residents import Resident, app
from tests.world import World

pytestmark = pytest.mark.usefixtures("untouched")
# What bodies name. All but the ceremonies are secrets that only their holder can know: A5, A6 and A8 try them.
NAMED_IN_BODIES = {
    "POST /code-resets": {"device_token"},
    "POST /sessions": {"device_token"},
    "POST /sessions/refresh": {"refresh_token"},
    "POST /sessions/passkeys": {"ceremony_id", "credential", "device_token"},
    "POST /franceconnect/sessions": {"state", "ticket", "device_token"},
    "POST /me/franceconnect": {"link_ticket"},
    "POST /me/passkeys": {"ceremony_id", "credential"},
    "POST /email-validations": {"token"},
    "POST /mail-reports": {"message_id"},
    "POST /account-freezes": {"token"},
}
WORDS = ("_id", "_token", "token", "ticket", "state", "credential")


@pytest.fixture(scope="module")
async def untouched(residents: tuple[Resident, Resident]) -> AsyncIterator[None]:
    """Whatever a stranger tried, the owner still has all that they had."""
    owner = residents[0]
    before = await everything(await owner.renewed())
    assert before == {value for name, value in owner.ids.items() if name != "challenge_id"}
    yield
    assert len(await everything(await owner.renewed())) == len(before)


async def everything(owner: Resident) -> set[str]:
    """The ids of all that the owner has; the sessions that tests open for them come on top."""
    lists = ("/me/passkeys", "/devices", "/payments", "/requests", "/sessions")
    seen = [(await owner.phone.send("GET", path)).text for path in lists]
    return {value for value in owner.ids.values() if any(value in text for text in seen)}


async def call(caller: Caller, each: Capability, path: str) -> Reply:
    """The operation at this path, with a body that it would read."""
    return await caller.send(each.method, path, body_of(each), idempotency_key=str(uuid4()))


def test_every_operation_with_an_id_is_tried(owner: Resident) -> None:
    assert {name for each in WITH_ID for name in ids_in(each)} == owner.ids.keys()
    assert len(WITH_ID) >= 6
    published = {
        name_of(each): {
            name for name in resolved(body).get("properties", {}) if name.endswith(WORDS) and name != "client_id"
        }
        for each in CAPABILITIES
        if takes_body(each)
        for body in [operation(each)["requestBody"]["content"]["application/json"]["schema"]]
    }
    assert {name: found for name, found in published.items() if found} == NAMED_IN_BODIES
    for each in CAPABILITIES:
        in_query = {
            parameter["name"] for parameter in operation(each).get("parameters", []) if parameter["in"] == "query"
        }
        assert not {name for name in in_query if name.endswith("_id")} - {"client_id"}, name_of(each)


@pytest.mark.parametrize("each", WITH_ID, ids=name_of)
async def test_somebody_elses_id_is_answered_as_one_that_nobody_has(
    owner: Resident, stranger: Resident, each: Capability
) -> None:
    unknown = {"challenge_id": "q" * len(owner.ids["challenge_id"])}
    for name in ids_in(each):
        theirs = await call(stranger.phone, each, filled(each, owner.ids))
        nobodys = await call(stranger.phone, each, filled(each, {name: unknown.get(name, str(uuid4()))}))
        assert theirs.told == nobodys.told
        assert theirs.status == (401 if each.access is Access.PUBLIC else 404)
        assert not any(value in theirs.text for value in owner.ids.values())


@pytest.mark.parametrize("each", [each for each in WITH_ID if each.method == "GET"], ids=name_of)
async def test_its_owner_finds_it_there(owner: Resident, each: Capability) -> None:
    assert (await call(owner.phone, each, filled(each, owner.ids))).status == 200


@pytest.mark.parametrize("each", [each for each in WITH_ID if each.access is not Access.PUBLIC], ids=name_of)
async def test_without_a_session_no_id_is_answered(world: World, owner: Resident, each: Capability) -> None:
    theirs = await call(nobody(world), each, filled(each, owner.ids))
    nobodys = await call(nobody(world), each, filled(each, {}))
    assert theirs.status == 401
    assert theirs.told == nobodys.told


async def test_no_page_of_a_list_begins_at_somebody_elses_place(owner: Resident, stranger: Resident) -> None:
    payment = (await owner.phone.send("GET", "/payments")).body["items"][0]
    request = (await owner.phone.send("GET", "/requests")).body["items"][0]
    places = {
        "/payments": f"2099-12-31|{payment['payment_id']}",
        "/requests": f"2099-12-31T00:00:00+00:00|{request['request_id']}",
    }
    for path, place in places.items():
        cursor = base64.urlsafe_b64encode(place.encode()).decode()
        page = await stranger.phone.send("GET", f"{path}?cursor={cursor}")
        mine = await stranger.phone.send("GET", path)
        assert page.status == 200
        assert page.body["items"] == mine.body["items"]


async def test_somebody_elses_idempotency_key_is_a_new_one(world: World, owner: Resident, stranger: Resident) -> None:
    keyed = {
        "DELETE /me": {},
        "PUT /me/email": {"email": "autre@exemple.invalid"},
        "PUT /me/code": {"new_code": "48151623"},
        "POST /me/passkeys": {},
        "POST /requests": {"kind": "vitale-card-order"},
    }
    public = {name_of(each) for each in CAPABILITIES if each.idempotent and each.access is Access.PUBLIC}
    assert {name_of(each) for each in CAPABILITIES if each.idempotent} - public == keyed.keys()
    key = str(uuid4())
    for name, body in keyed.items():
        method, path = name.split()
        mine = await owner.phone.send(method, path, body, idempotency_key=key)
        theirs = await stranger.phone.send(method, path, body, idempotency_key=key)
        # Each is answered by their own state: the second is no repeat of the first.
        assert theirs.status == mine.status
        assert not any(value in theirs.text for value in owner.ids.values())
    assert not [name for name in await asyncio.to_thread(_kept, world, key) if str(owner.person.person_id) not in name]


async def test_with_the_key_of_somebody_elses_order_one_orders_for_oneself(
    world: World, owner: Resident, stranger: Resident
) -> None:
    [name] = await asyncio.to_thread(_kept, world, ":POST /requests:", str(owner.person.person_id))
    key = name.rpartition(":")[2]
    again = await owner.phone.send("POST", "/requests", {"kind": "vitale-card-order"}, idempotency_key=key)
    assert again.body["request_id"] == owner.ids["request_id"]

    theirs = await stranger.phone.send("POST", "/requests", {"kind": "vitale-card-order"}, idempotency_key=key)

    assert (theirs.status, theirs.slug) == (409, "order-already-in-progress")
    assert owner.ids["request_id"] not in theirs.text


def _kept(world: World, *parts: str) -> list[str]:
    """The names of the kept answers that have these parts."""
    databases = [world.database(service) for service in ("identity", "procedures")]
    names = [str(each["_id"]) for database in databases for each in database["answers"].find({}, {"_id": 1})]
    return [name for name in names if all(part in name for part in parts)]


async def test_a_key_of_somebody_elses_log_in_opens_nothing_of_theirs(
    world: World, owner: Resident, stranger: Resident
) -> None:
    key = str(uuid4())
    said = {"nir": owner.person.nir, "code": owner.code, "client_id": "ios", "device_token": owner.device}
    first = await nobody(world).send("POST", "/sessions", said, idempotency_key=key)
    assert first.status == 200
    said = {"nir": stranger.person.nir, "code": stranger.code, "client_id": "ios", "device_token": stranger.device}
    second = await nobody(world).send("POST", "/sessions", said, idempotency_key=key)
    wrong = await nobody(world).send("POST", "/sessions", {**said, "code": "902107"}, idempotency_key=key)
    assert wrong.status == 401
    assert "access_token" not in wrong.text
    if second.status == 200:
        me = await app(world, second.body["access_token"]).send("GET", "/me")
        assert me.body["person_id"] == stranger.person.person_id
    else:
        assert (second.status, "access_token" in second.text) == (401, False)
    await app(world, first.body["access_token"]).send("DELETE", "/sessions/current")


async def test_a_ceremony_that_somebody_else_began_does_not_exist(owner: Resident, stranger: Resident) -> None:
    assert owner.passkey is not None
    begun = await owner.write("POST", "/me/passkeys/options", {"current_code": owner.code})
    made = owner.passkey.create(begun.body["public_key"])
    theirs = await stranger.write(
        "POST", "/me/passkeys", {"ceremony_id": begun.body["ceremony_id"], "credential": made}
    )
    nobodys = await stranger.write("POST", "/me/passkeys", {"ceremony_id": "q" * 43, "credential": made})
    assert theirs.told == nobodys.told
    assert theirs.status == 422


async def test_a_session_reads_one_persons_data_only(world: World, owner: Resident, stranger: Resident) -> None:
    for each in CAPABILITIES:
        if each.method == "GET" and each.access is Access.SESSION:
            reply = await call(stranger.phone, each, filled(each, stranger.ids))
            assert reply.status == 200, name_of(each)
            found = {name for name, value in owner.ids.items() if value in reply.text}
            assert not found, name_of(each)
            assert owner.person.person_id not in reply.text
