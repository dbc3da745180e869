"""kill -9 at each boundary: every accepted command still has exactly one effect everywhere, and no mail is lost."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from deploy.demo.journey import Journey
from deploy.demo.people import somebody_new
from deploy.demo.upstream import import_register
from deploy.embedded import idp
from tests.infra import until
from tests.settling import address, device, landed, somebody
from tests.world import World, running_world

PUBLISHERS = ("identity", "payments", "procedures", "notifications")
SUBSCRIBERS = ("payments", "procedures", "notifications", "gateway")
BOUNDARIES = {
    "P1": ("identity", "procedures", "notifications"),  # committed, not answered
    "P2": PUBLISHERS,  # claimed by the relay, not published
    "P3": PUBLISHERS,  # acknowledged by the broker, not marked
    "P4": SUBSCRIBERS,  # took effect, offset not committed
    "P5": ("notifications",),  # accepted by the mail server, not marked
    "P6": SUBSCRIBERS,  # between the inbox row and the effect
}
# What identity keeps of somebody who came by FranceConnect, by collection, and what it is found by.
KEPT = {"accounts": "_id", "federated": "person_id", "sessions": "person_id", "email_changes": "person_id"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack that is going to be hurt."""
    with running_world(tmp_path_factory.mktemp("chaos")) as running:
        yield running


@pytest.mark.chaos
@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", BOUNDARIES)
async def test_a_process_killed_at_a_boundary_loses_nothing_and_doubles_nothing(world: World, point: str) -> None:
    person = somebody_new()
    async with world.insured(person) as insured:
        armed = [world.arm(service, point) for service in BOUNDARIES[point]]
        journey = world.journey(person, insured)
        await journey.walk()
        await until_settled(world)
        assert not [path.name for path in armed if path.exists()], "a boundary was never reached"
        await check(world, journey, duplicates=1 if point == "P5" else 0)


@pytest.mark.chaos
@pytest.mark.timeout(240)
async def test_who_comes_by_franceconnect_while_identity_dies_starts_again_and_nothing_is_half_done(
    world: World,
) -> None:
    person, email = somebody(), address()
    await import_register(world.data, [person.line()])
    await idp.remember(world.data, world.stack.idp, person.pivot(person.person_id, email=email))
    async with device(world, email) as browser:
        armed = world.arm("identity", "P7")  # FranceConnect's code is spent, no session is stored
        arrived = await browser.france_connect(person.person_id)
        assert arrived.headers["location"] == "/connexion?franceconnect=indisponible"
        assert not armed.exists(), "the boundary was never reached"
        assert kept(world, person.person_id) == dict.fromkeys(KEPT, 0)
        (await browser.call("GET", "/me")).expect(401)

        async def home() -> bool:
            again = await browser.france_connect(person.person_id)
            return landed(again.headers) == "/accueil"

        await until(home, "the home page at the next log-in", within=90, every=2)
        (await browser.validate_email(email)).expect(200)
    await until_settled(world)
    assert kept(world, person.person_id) == dict.fromkeys(KEPT, 1)
    events = {event["id"]: event["type"] for event in await world.events(person.person_id)}
    counted = Counter(events.values())
    assert (counted["identity.AccountCreated.v1"], counted["identity.LoggedIn.v1"]) == (1, 1)


def kept(world: World, person_id: str) -> dict[str, int]:
    """How many documents identity keeps of a person, by collection."""
    database = world.database("identity")
    return {name: len(list(database[name].find({field: person_id}))) for name, field in KEPT.items()}


async def until_settled(world: World) -> None:
    """Nothing waits anywhere: no row for a relay, nothing parked, no mail to send."""

    async def quiet() -> bool:
        waiting = [
            world.database(service)[name].find_one(where)
            for service in (*PUBLISHERS, "gateway")
            for name, where in (
                ("outbox", {"state": "pending"}),
                ("inbox", {"state": "parked"}),
                ("mails", {"state": {"$in": ["created", "claimed"]}}),
            )
        ]
        return not any(waiting)

    await until(quiet, "everything settled", within=90, every=0.2)


async def check(world: World, journey: Journey, *, duplicates: int) -> None:
    """The oracle: lost, ghost, double, inversion, mail lost, mail doubled; see reliability of the design."""
    person_id = journey.person.person_id
    events = await world.events(person_id)
    committed = {
        row["_id"]: row
        for service in PUBLISHERS
        for row in world.database(service)["outbox"].find({"key": person_id, "type": {"$ne": "compte.DeadLetter.v1"}})
    }
    on_topics = {event["id"] for event in events if event["source"].startswith("/compte/")}
    assert committed.keys() - on_topics == set(), "committed events that are on no topic"
    assert on_topics - committed.keys() == set(), "events on a topic that nobody committed"
    assert not world.database("gateway")["inbox"].find_one({"key": person_id, "state": "dead"})
    await check_effects(world, journey, events)
    await check_mails(journey, duplicates)


async def check_effects(world: World, journey: Journey, events: list[dict[str, object]]) -> None:
    person_id = journey.person.person_id
    kinds = Counter(str(each["type"]) for each in {event["id"]: event for event in events}.values())
    assert kinds["identity.AccountCreated.v1"] == 1
    assert kinds["procedures.CardOrdered.v1"] == 1
    assert kinds["payments.ReimbursementPaid.v1"] == 3
    assert kinds["identity.CodeReset.v1"] == 1
    sequences: dict[str, list[int]] = {}
    for service in PUBLISHERS:
        rows = world.database(service)["outbox"].find({"key": person_id, "sequence": {"$gt": 0}}).sort("sequence")
        sequences[service] = [row["sequence"] for row in rows]
        assert sequences[service] == list(range(1, len(sequences[service]) + 1)), service
    seen = world.database("gateway")["home"].find_one({"_id": person_id})["seen"]
    assert {name.rpartition("/")[2]: last for name, last in seen.items()} == {
        service: numbers[-1]
        for service, numbers in sequences.items()
        if service in {name.rpartition("/")[2] for name in seen}
    }


async def check_mails(journey: Journey, duplicates: int) -> None:
    mails = await journey.insured.mailbox.mails(journey.insured.email)
    ids = Counter(mail["MessageID"] for mail in mails)
    assert sum(count - 1 for count in ids.values()) <= duplicates, "more mails sent twice than documented"
    texts = await asyncio.gather(*(journey.insured.mailbox.text(mail) for mail in mails))
    by_id = {mail["MessageID"]: text for mail, text in zip(mails, texts, strict=True)}
    assert all(by_id[mail["MessageID"]] == text for mail, text in zip(mails, texts, strict=True))
    subjects = Counter(mail["Subject"] for mail in {mail["MessageID"]: mail for mail in mails}.values())
    assert subjects.total() == 5, f"created, chosen, ordered, reset, chosen: {subjects}"
