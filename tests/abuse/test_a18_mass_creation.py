"""A18: accounts are made in masses, from a few networks, with the details of people who did not ask for any."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from deploy.demo.client import seen
from deploy.demo.people import RegisterLine
from deploy.demo.upstream import import_register
from tests.abuse.crowd import Heard, at_once, crowd
from tests.abuse.figures import say
from tests.abuse.moving import Rows, change
from tests.abuse.owners import email, people
from tests.abuse.places import quiet
from tests.abuse.scale import scaled
from tests.world import World

SOURCES = scaled(10, 2)
TRIES = scaled(1000, 14)
AN_HOUR = 10
A_DAY = timedelta(days=1)


async def test_a_network_makes_10_accounts_an_hour_and_those_that_nobody_opens_leave_nothing(world: World) -> None:
    victims = people(SOURCES * AN_HOUR)
    await import_register(world.data, [each.line() for each in victims])
    strangers_numbers = people(SOURCES * TRIES)

    async with crowd(world, SOURCES) as networks:
        by_network: list[list[Heard]] = []
        for at, network in enumerate(networks):
            mine = [*victims[at * AN_HOUR : (at + 1) * AN_HOUR], *strangers_numbers[at * TRIES :]][:TRIES]
            forms = [{**each.form(), "email": email()} for each in mine]
            by_network.append(await at_once([partial(network.insist, "/accounts", form) for form in forms], 4))
    answers = [Counter(each.status for each in heard) for heard in by_network]
    say("A18", f"{SOURCES} networks, {TRIES} creations each: {[dict(each) for each in answers]}")
    for each in answers:
        assert set(each) == {202, 429}
        # A creation that the machine had no time to answer counts too.
        assert AN_HOUR / 2 <= each[202] <= AN_HOUR
    refused = [each for heard in by_network for each in heard if each.status == 429]
    assert all(0 < int(each.headers["retry-after"]) <= 3600 for each in refused)

    await quiet(world)
    made, contacts = _left(world, victims)
    assert AN_HOUR * SOURCES / 2 <= made == contacts <= AN_HOUR * SOURCES
    _a_day_passes(world, victims)

    async def gone() -> bool:
        return _left(world, victims) == (0, 0)

    await seen(gone, "nothing to be left of the accounts", within=60)


def _left(world: World, victims: Sequence[RegisterLine]) -> tuple[int, int]:
    """How many of them have an account, and an address that we write to."""
    ids = {"_id": {"$in": [each.person_id for each in victims]}}
    kept = list(world.database("identity")["accounts"].find(ids, {"_id": 1}))
    contacts = list(world.database("notifications")["contacts"].find(ids, {"email": 1}))
    return len(kept), sum(each.get("email") is not None for each in contacts)


def _a_day_passes(world: World, victims: Sequence[RegisterLine]) -> None:
    """As long as a first code lives."""

    def earlier(rows: Callable[[str], Rows]) -> None:
        for each in rows("accounts").find({"_id": {"$in": [victim.person_id for victim in victims]}}):
            created, until = each["created_at"] - A_DAY, each["unopened_until"] - A_DAY
            moved = {"created_at": created, "unopened_until": until, "provisional.expires_at": until}
            rows("accounts").set({"_id": each["_id"]}, moved)

    change(world, "identity", earlier)
