"""A5: no token is taken but one that its issuer signed, for this audience, of this kind, and now."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from uuid import uuid4

import pytest

from chassis.auth import INTERNAL
from chassis.clock import now
from deploy.embedded.keys import Keys, keys_of
from tests.abuse.callers import Browser, Caller, Reply, nobody
from tests.abuse.crowd import at_once
from tests.abuse.forging import Genuine, forgeries, misuses
from tests.abuse.residents import Resident, account, app
from tests.world import World

WHERE = {"identity": "/me", "payments": "/payments", "procedures": "/requests", "notifications": "/emails"}
Try = Callable[[str], Awaitable[bool]]


@pytest.fixture(scope="module")
def keys(world: World) -> Keys:
    """The keys of this stack."""
    return keys_of(world.data)


@pytest.fixture(scope="module")
async def listener() -> AsyncIterator[tuple[str, list[int]]]:
    """An address where a key could be fetched, and how often anybody came."""
    came: list[int] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came


def a_minute(**claims: str) -> dict[str, object]:
    """Claims that hold for a minute."""
    at = int(now().timestamp())
    return {"iat": at, "exp": at + 60, **claims}


def internal(keys: Keys, owner: Resident, service: str) -> Genuine:
    """What the gateway signs for a service."""
    who = {"sub": owner.person.person_id, "sid": owner.ids["session_id"], "channel": "app"}
    return Genuine(keys.internal_key, INTERNAL, a_minute(iss="gateway", aud=service, **who))


def access(keys: Keys, owner: Resident, **but: str) -> Genuine:
    """What identity signs for a session."""
    who = {"sub": owner.person.person_id, "sid": str(uuid4()), "channel": "app", "scope": "full", "acr": "eidas1"}
    return Genuine(keys.signing_key, "at+jwt", a_minute(iss="identity", aud="compte", **{**who, **but}))


def device(keys: Keys, name: str) -> Genuine:
    """What identity signs for a known device."""
    return Genuine(keys.signing_key, "device+jwt", a_minute(iss="identity", aud="compte", dev=name))


def freeze(keys: Keys, person: str) -> Genuine:
    """What notifications signs into a mail."""
    return Genuine(
        keys.freeze_key, "not-me+jwt", a_minute(iss="notifications", aud="identity", sub=person, jti=str(uuid4()))
    )


def everything(keys: Keys, owner: Resident, but: Genuine) -> Iterator[tuple[str, str]]:
    """All other kinds of tokens there are, each genuine, and the kind itself under every other key."""
    others = [
        *(internal(keys, owner, service) for service in (*WHERE, "gateway", "compte")),
        access(keys, owner),
        device(keys, owner.ids["device_id"]),
        freeze(keys, owner.person.person_id),
    ]
    for each in others:
        if (each.kind, each.claims["aud"]) != (but.kind, but.claims["aud"]):
            yield f"{each.kind} for {each.claims['aud']}", each.token()
    for key in (keys.internal_key, keys.signing_key, keys.freeze_key):
        if key["kid"] != but.key["kid"]:
            yield f"by the key {key['kid']}", Genuine(key, but.kind, but.claims).token()
            yield (
                f"by the key {key['kid']} in the name of the other",
                Genuine({**key, "kid": but.key["kid"]}, but.kind, but.claims).token(),
            )
    yield "a refresh token", owner.device.partition(".")[2][:43]


async def refuse_all(genuine: Genuine, keys: Keys, owner: Resident, listener: str, taken: Try) -> int:
    """Try every wrong token. Asserts that the right one is taken and no other; how many there were."""
    assert await taken(genuine.token())
    wrong = [*forgeries(genuine, listener), *misuses(genuine), *everything(keys, owner, genuine)]
    taken_ones = await at_once([partial(taken, token) for _, token in wrong], most=8)
    assert [name for (name, _), each in zip(wrong, taken_ones, strict=True) if each] == []
    return len(wrong)


def bearing(caller: Caller, path: str) -> Try:
    """Whether a token opens this path."""

    async def taken(token: str) -> bool:
        reply = await caller.send("GET", path, authorization=f"Bearer {printable(token)}")
        assert reply.status in {200, 400, 401, 431}, (reply.status, reply.slug)
        return reply.status == 200

    return taken


def printable(token: str) -> str:
    """The token as a header can hold it."""
    return "".join(each for each in token if each.isprintable())


@pytest.mark.parametrize("service", WHERE)
async def test_a_service_takes_nothing_but_the_gateways_token_for_itself(
    world: World, keys: Keys, owner: Resident, listener: tuple[str, list[int]], service: str
) -> None:
    port = Caller(world.stack.services[service].url)
    tried = await refuse_all(internal(keys, owner, service), keys, owner, listener[0], bearing(port, WHERE[service]))
    assert tried > 80
    assert listener[1] == []


async def test_the_gateway_takes_nothing_but_identitys_access_tokens(
    world: World, keys: Keys, owner: Resident, listener: tuple[str, list[int]]
) -> None:
    genuine = access(keys, owner)
    await refuse_all(genuine, keys, owner, listener[0], bearing(nobody(world), "/payments"))
    assert listener[1] == []

    web = access(keys, owner, channel="web")

    async def by_cookie(token: str) -> bool:
        return (await Browser.at(world, access=printable(token)).send("GET", "/payments")).status == 200

    await refuse_all(web, keys, owner, listener[0], by_cookie)
    assert not await by_cookie(genuine.token())
    assert not await bearing(nobody(world), "/payments")(web.token())


@pytest.fixture(scope="module")
async def person(world: World) -> Resident:
    """Somebody whose number is blocked, and whose account is frozen in the end."""
    found = await account(world)
    [known] = (await found.phone.send("GET", "/devices")).body["devices"]
    found.ids |= {"device_id": known["device_id"], "session_id": str(uuid4())}
    return found


async def test_only_a_genuine_device_token_makes_a_device_known(
    world: World, keys: Keys, person: Resident, listener: tuple[str, list[int]]
) -> None:
    """The owner's number is blocked by a stranger; the right code works on the known device, and nowhere else."""
    said = {"nir": person.person.nir, "code": person.code, "client_id": "android"}
    for _ in range(8):
        blocked = await nobody(world).send("POST", "/sessions", {**said, "code": "902107"})
    assert blocked.status == 429

    async def taken(token: str) -> bool:
        reply = await nobody(world).send("POST", "/sessions", {**said, "device_token": token})
        # The gateway counts a genuine device by itself, and identity lets it in.
        counted = reply.headers.get("ratelimit-policy", "").startswith('"device"')
        assert reply.status in {200, 401, 422, 429}, (reply.status, reply.slug)
        return counted or reply.status == 200

    await refuse_all(device(keys, person.ids["device_id"]), keys, person, listener[0], taken)
    assert listener[1] == []


async def test_only_the_link_of_a_mail_freezes_an_account(
    world: World, keys: Keys, person: Resident, listener: tuple[str, list[int]]
) -> None:
    genuine = freeze(keys, person.person.person_id)
    wrong = [*forgeries(genuine, listener[0]), *misuses(genuine), *everything(keys, person, genuine)]
    replies = await at_once([partial(_freeze, world, token) for _, token in wrong], most=8)
    assert [name for (name, _), reply in zip(wrong, replies, strict=True) if reply.status == 200] == []
    assert (await person.phone.send("GET", "/me")).status == 200
    assert listener[1] == []
    assert (await _freeze(world, genuine.token())).status == 200


async def _freeze(world: World, token: str) -> Reply:
    reply = await nobody(world).send("POST", "/account-freezes", {"token": token})
    assert reply.status in {200, 400, 410, 422}, (reply.status, reply.slug)
    return reply


async def test_a_provisional_session_cannot_widen_itself(world: World, keys: Keys, owner: Resident) -> None:
    narrow = access(keys, owner, scope="code-change")
    assert (await app(world, narrow.token()).send("GET", "/payments")).slug == "code-change-required"
    head, _, signature = narrow.token().split(".")
    wide = access(keys, owner).token().split(".")[1]
    assert (await app(world, f"{head}.{wide}.{signature}").send("GET", "/payments")).status == 401
