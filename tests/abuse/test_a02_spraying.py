"""A2: the few codes that people like most are tried on very many numbers."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import aiohttp
from altcha import Challenge, Payload, solve_challenge

from chassis.clock import now
from contracts.birth_date import BirthDate
from deploy.demo.client import seen
from deploy.demo.journey import own_code
from deploy.demo.people import RegisterLine, somebody_new
from deploy.demo.upstream import import_register
from deploy.embedded.keys import keys_of
from services.identity.codes import Codes
from services.identity.domain import nir
from services.identity.domain.access_code import AccessCode, WeakCode, check_strength
from services.identity.domain.account import Account
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.store.accounts import account_document
from tests.abuse.crowd import Heard, Stranger, at_once, crowd
from tests.abuse.figures import say
from tests.abuse.owners import people
from tests.abuse.scale import scaled
from tests.world import World

NUMBERS = scaled(10_000, 40)
SOURCES = scaled(310, 4)
A_NETWORK, PROOFS, CEILING = 100, 400, 1000
# How often people choose a four-digit code when nothing is forbidden, in percent (DataGenetics, 3.4 million codes).
LIKED = {
    "1234": 10.713,
    "1111": 6.016,
    "0000": 1.881,
    "1212": 1.197,
    "7777": 0.745,
    "1004": 0.616,
    "2000": 0.613,
    "4444": 0.526,
    "2222": 0.516,
    "6969": 0.512,
    "9999": 0.451,
    "3333": 0.419,
    "5555": 0.395,
    "6666": 0.391,
    "1122": 0.366,
    "1313": 0.304,
    "8888": 0.303,
    "4321": 0.293,
    "2001": 0.290,
    "1010": 0.285,
}
SPRAYED = list(LIKED)[:3]
RULES = Parameters(BUILT_IN)


async def test_none_of_the_20_codes_that_people_like_most_can_be_chosen(world: World) -> None:
    person = somebody_new()
    async with world.insured(person) as insured:
        await insured.create_account(**person.form())
        (await insured.log_in(person.nir, await insured.provisional_code())).expect(200)
        for code in LIKED:
            for longer in (code, code * 2):
                refused = (await insured.call("PUT", "/me/code", {"new_code": longer})).expect(422)
                assert refused.body["errors"][0]["code"] == "weak-code"
        await insured.choose_code(own_code())


async def test_spraying_opens_at_most_one_account_in_a_thousand_and_raises_the_alarm(world: World) -> None:
    alarms = await sprayed(world)
    persons = await population(world, NUMBERS)
    bodies = [{"nir": each.nir, "code": code, "client_id": "ios"} for code in SPRAYED for each in persons]
    async with crowd(world, SOURCES) as strangers:
        calls = [
            partial(strangers[at % SOURCES].post, "/sessions", body) for at, body in enumerate(bodies[: SOURCES * 100])
        ]
        answers = Counter(each.status for each in await at_once(calls, most=4))
    say("A2", f"{len(SPRAYED)} codes on {NUMBERS} numbers from {SOURCES} networks: {dict(answers)}")
    assert set(answers) <= {200, 202, 401}
    right = answers[200] + answers[202]
    assert right <= len(persons) / 1000, f"{right} codes of {len(persons)} accounts were found"

    async def raised() -> bool:
        return await sprayed(world) > alarms

    await seen(raised, "the alarm", within=60)
    assert "one wrong code is tried on many numbers" in world.logs()


async def test_a_network_that_asks_too_often_is_told_how_long_to_wait(world: World) -> None:
    persons = people(A_NETWORK + 5)
    bodies = [{"nir": each.nir, "code": SPRAYED[0], "client_id": "ios"} for each in persons]
    async with crowd(world, 1) as [stranger]:
        heard = await at_once([partial(stranger.insist, "/sessions", body) for body in bodies], most=4)
    refused = [each for each in heard if each.status == 429]
    assert len(refused) == len(persons) - A_NETWORK
    for each in refused:
        assert each.headers["ratelimit-policy"] == f'"network";q={A_NETWORK};w=300'
        wait = int(each.headers["retry-after"])
        assert each.headers["ratelimit"] == f'"network";r=0;t={wait}'
        assert 0 < wait <= 300


async def test_work_opens_a_network_that_is_used_up_once_a_challenge_and_never_beyond_its_ceiling(
    world: World,
) -> None:
    bodies = [{"nir": each.nir, "code": SPRAYED[0], "client_id": "ios"} for each in people(A_NETWORK + 6)]
    others = {each["_id"] for each in world.database("gateway")["rates"].find()}
    async with crowd(world, 1) as [stranger]:
        await at_once([partial(stranger.insist, "/sessions", bodies.pop()) for _ in range(A_NETWORK)], most=4)
        first = await stranger.insist("/sessions", bodies.pop())
        proof = await solved(first)
        tries = [await paying(stranger, bodies.pop(), proof) for _ in range(2)]
        assert [each.status for each in (first, *tries)] == [429, 401, 429]
        assert tries[0].headers["ratelimit-policy"] == f'"proof";q={PROOFS};w=300'
        assert tries[1].headers["ratelimit-policy"] == f'"network";q={A_NETWORK};w=300'
        for name, uses, most in (("proof", 1, PROOFS), ("ceiling", A_NETWORK + 1, CEILING)):
            with used_up(world, others, uses, most):
                held = await paying(stranger, bodies[-1], await solved(await stranger.insist("/sessions", bodies[-1])))
            assert (held.status, held.headers["ratelimit-policy"]) == (429, f'"{name}";q={most};w=300')
            assert "proof_of_work" not in held.json


async def solved(refused: Heard) -> str:
    """The header that answers the challenge of a refusal: half a second of this machine's work."""
    challenge = Challenge.from_dict(refused.json["proof_of_work"])
    solution = await asyncio.to_thread(solve_challenge, challenge)
    assert solution
    say("A2", f"a challenge took {solution.counter + 1} tries and {solution.time or 0:.0f} ms")
    return Payload(challenge, solution).to_base64()


async def paying(stranger: Stranger, body: dict[str, str], proof: str) -> Heard:
    """A try that is paid for."""
    return await stranger.post("/sessions", body, headers={"X-Altcha": proof})


@contextmanager
def used_up(world: World, others: set[str], uses: int, most: int) -> Iterator[None]:
    """The counter with so many uses, which is none of the others, is full for as long as the block runs."""
    rates = world.database("gateway")["rates"]
    [counter] = [each for each in rates.find() if each["_id"] not in others and len(each["uses"]) == uses]
    rates.update_one({"_id": counter["_id"]}, {"$set": {"uses": counter["uses"][:1] * most}})
    yield
    rates.update_one({"_id": counter["_id"]}, {"$set": {"uses": counter["uses"]}})


async def sprayed(world: World) -> float:
    """How often identity raised the alarm."""
    url = f"{world.stack.services['identity'].url}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("compte_sprayed_codes_total "))


async def population(world: World, count: int) -> Sequence[RegisterLine]:
    """Persons with accounts whose codes are what people like, as far as the rules let them have it.

    Their accounts are put into the database: a thousand journeys would take an hour.
    """
    persons = people(count)
    await import_register(world.data, [each.line() for each in persons])
    codes = Codes({1: keys_of(world.data).pepper}, NoSealer(), RULES)  # type: ignore[arg-type]
    hashes: dict[str, str] = {}
    documents = []
    for each in persons:
        code = chosen_by(each)
        if code not in hashes:
            hashes[code] = await codes.hash(AccessCode(code))
        account = Account(UUID(each.person_id), now(), own_code=hashes[code], email_validated_at=now())
        nowhere = {"email": None, "email_index": f"none:{each.person_id}"}
        documents.append({"_id": each.person_id, **account_document(account), **nowhere, "version": 1})
    world.database("identity")["accounts"].insert_many(documents)
    return persons


class NoSealer:
    """Nothing is sealed: no code goes by mail."""


def chosen_by(line: RegisterLine) -> str:
    """The first code that somebody likes and the rules accept."""
    person = InsuredPerson(
        id=UUID(line.person_id),
        nir=nir.parse(line.nir),
        birth_last_name=line.birth_last_name,
        usage_last_name=None,
        first_name=line.first_name,
        birth_date=BirthDate.read(line.birth_date),
        postal_code=line.postal_code,
        caisse=line.caisse,
        regime=line.regime,
    )
    while True:
        code = AccessCode(liked())
        try:
            check_strength(code, person, RULES, now())
        except WeakCode:
            continue
        return code.text


def liked() -> str:
    """A code drawn as people draw them: one of the 20, or any other."""
    anything = 100 - sum(LIKED.values())
    [code] = random.choices([*LIKED, ""], [*LIKED.values(), anything])
    return code or f"{random.randrange(10_000):04}"
