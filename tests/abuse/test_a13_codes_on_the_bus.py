"""A13: codes that go by e-mail are read off the bus, or used late, twice, or for another request."""

import base64
import json
import operator
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial, reduce
from typing import Any

import pytest

from chassis.sealed import CannotOpen, Sealer
from contracts.sealed import Sealed
from deploy.demo.client import Answer, Insured
from deploy.demo.mailbox import CODE, SECOND_CODE
from deploy.demo.people import RegisterLine, somebody_new
from deploy.embedded.keys import keys_of
from deploy.embedded.ports import SERVICES
from tests.abuse.crowd import at_once, crowd
from tests.abuse.figures import say
from tests.abuse.moving import Rows, change
from tests.abuse.owners import Owner, device, number_index, owners
from tests.abuse.places import everywhere, found
from tests.abuse.scale import scaled
from tests.world import World

LIFE = timedelta(minutes=10)
READER = "notifications"
AT_ONCE = scaled(50, 12)


@pytest.fixture(scope="module")
async def owner(world: World) -> AsyncIterator[Owner]:
    """Somebody with an account and an own code."""
    async with owners(world, 1) as [found]:
        yield found


async def provisional(owner: Owner) -> str:
    """One more provisional code."""
    browser = owner.browser
    count = len(await browser.mailbox.lines(browser.email, CODE))
    asked = {"nir": owner.nir, "birth_date": owner.person.birth_date}
    (await browser.call("POST", "/code-resets", asked)).expect(202)
    return await browser.provisional_code(count=count + 1)


async def challenged(app: Insured, owner: Owner) -> tuple[Answer, str]:
    """One more challenge, and the code that answers it."""
    count = len(await app.mailbox.lines(app.email, SECOND_CODE))
    asked = (await app.first_code(owner.nir, owner.code)).expect(202)
    return asked, await app.mailed(SECOND_CODE, "one more second code", count=count + 1)


async def test_codes_are_sealed_to_notifications_on_the_bus_and_nowhere_in_clear(world: World, owner: Owner) -> None:
    async with device(world, owner.browser.email, app=True) as app:
        _, second = await challenged(app, owner)
    first, newest = (await owner.browser.mailbox.lines(owner.browser.email, CODE))[0], await provisional(owner)
    codes = {"first": first, "newest": newest, "second": second}
    assert not found(codes, await everywhere(world))
    sealed = list(_sealed(await world.events(owner.person.person_id), ("provisional_code", "code")))
    assert len(sealed) == len(codes)
    assert {_opened(world, READER, each) for each in sealed} == set(codes.values())
    for each in sealed:
        assert json.loads(base64.urlsafe_b64decode(each.protected + "==")) == {"enc": "A256GCM"}
        assert [recipient.header for recipient in each.recipients if recipient.header["kid"] != READER] == []
        for other in set(SERVICES) - {READER}:
            with pytest.raises(CannotOpen):
                _opened(world, other, each)


async def test_a_provisional_code_opens_one_session_however_many_use_it_at_once(world: World, owner: Owner) -> None:
    body = {"nir": owner.nir, "code": await provisional(owner), "client_id": "android"}
    async with crowd(world, AT_ONCE) as strangers:
        answers = await at_once([partial(each.insist, "/sessions", body) for each in strangers], AT_ONCE)
        opened = [each.json for each in answers if each.status == 200]
        assert len(opened) == 1, Counter(each.status for each in answers)
        say("A13", f"{AT_ONCE} uses at once: {Counter(each.status for each in answers)}")
        # Those that came after the one that was right may have used up the attempts.
        assert (await strangers[0].post("/sessions", body)).status in {401, 429}
        bearer = {"Authorization": f"Bearer {opened[0]['access_token']}"}
        for path in ("/me", "/me/email", "/me/passkeys/options", "/requests"):
            method = {"/me": "DELETE", "/me/email": "PUT"}.get(path, "POST")
            refused = await strangers[1].post(path, {}, method=method, headers=bearer)
            assert (refused.status, refused.json["type"]) == (403, "/problems/code-change-required")
        chosen = {"new_code": owner.code}
        assert (await strangers[1].post("/me/code", chosen, method="PUT", headers=bearer)).status == 204
    change(world, "identity", lambda rows: rows("attempts").remove({"_id": number_index(world, owner.nir)}))


async def test_a_provisional_code_lives_10_minutes_and_a_newer_one_voids_it(world: World) -> None:
    async with owners(world, 1) as [owner]:
        older = await provisional(owner)
        newer = await provisional(owner)
        [*_, reset] = [each for each in await world.events(owner.person.person_id) if ".CodeReset." in each["type"]]
        issued, expires = (datetime.fromisoformat(at) for at in (reset["time"], reset["data"]["code_expires_at"]))
        assert expires - issued <= LIFE
        (await owner.browser.first_code(owner.nir, older)).expect(401)
        _expire(world, "accounts", {"_id": owner.person.person_id}, "provisional.expires_at")
        (await owner.browser.first_code(owner.nir, newer)).expect(401)


async def test_a_first_code_opens_nothing_after_a_day(world: World) -> None:
    person: RegisterLine = somebody_new()
    async with world.insured(person) as insured:
        await insured.create_account(**person.form())
        code = await insured.provisional_code()
        _expire(world, "accounts", {"_id": person.person_id}, "provisional.expires_at")
        (await insured.first_code(person.nir, code)).expect(401)


async def test_a_second_code_opens_only_its_own_challenge_in_time_once_and_for_its_program(
    world: World, owner: Owner
) -> None:
    async with device(world, owner.browser.email, app=True) as app, device(world, owner.browser.email) as browser:
        older, older_code = await challenged(app, owner)
        newer, newer_code = await challenged(app, owner)
        newer_id, older_id = newer.body["challenge_id"], older.body["challenge_id"]
        if older_code != newer_code:
            (await app.second_code(newer_id, older_code)).expect(401)
            (await app.second_code(older_id, newer_code)).expect(401)
        (await app.second_code(older_id, older_code)).expect(401)
        (await browser.second_code(newer_id, newer_code)).expect(401)
        (await app.second_code(newer_id, newer_code)).expect(200)
        app.token = ""
        (await app.second_code(newer_id, newer_code)).expect(401)
        late, late_code = await challenged(browser, owner)
        _expire(world, "challenges", {"used_in": None}, "expires_at")
        (await browser.second_code(late.body["challenge_id"], late_code)).expect(401)


async def test_a_challenge_is_over_after_five_wrong_codes(world: World, owner: Owner) -> None:
    async with device(world, owner.browser.email, app=True) as app:
        asked, code = await challenged(app, owner)
        challenge_id = asked.body["challenge_id"]
        for at in range(5):
            (await app.second_code(challenge_id, f"{(int(code) + at + 1) % 10**6:06}")).expect(401)
        (await app.second_code(challenge_id, code)).expect(401)


def _sealed(value: Any, names: tuple[str, ...]) -> Any:
    """Every sealed value under one of these names, however deep."""
    match value:
        case dict():
            for name, each in value.items():
                if name in names and each is not None:
                    yield Sealed.model_validate(each)
                else:
                    yield from _sealed(each, names)
        case list():
            for each in value:
                yield from _sealed(each, names)


def _opened(world: World, service: str, sealed: Sealed) -> str:
    keys = keys_of(world.data)
    return Sealer(keys.sealing_jwks, json.dumps(keys.services[service].sealing_key)).open(sealed)


def _expire(world: World, collection: str, where: dict[str, Any], name: str) -> None:
    """Its time has been over for a day."""

    def earlier(rows: Callable[[str], Rows]) -> None:
        row: Any
        for row in rows(collection).find(where):
            before = reduce(operator.getitem, name.split("."), row)
            rows(collection).set({"_id": row["_id"]}, {name: before - timedelta(days=2)})

    change(world, "identity", earlier)
