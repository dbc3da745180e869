"""A3: answers are compared, to the byte and to the millisecond, to find out who has an account.

Log-in, creation, forgotten code, the code of a challenge and the change of e-mail tell nothing.
"""

import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from deploy.demo.upstream import import_register
from tests.abuse.crowd import Heard, Stranger, crowd
from tests.abuse.figures import say
from tests.abuse.moving import Rows, change
from tests.abuse.owners import Owner, device, email, owners, people
from tests.abuse.residents import RENEW_SECONDS
from tests.abuse.scale import scaled
from tests.abuse.telling import Ask, Compared, auc, compare, form
from tests.pace import TIMED
from tests.world import World

PAIRS = scaled(1000, 20)
OWNERS = scaled(40, 10)
NETWORKS = scaled(400, 24)
MEASURES = 3
WRONG = "7391"


@pytest.fixture(scope="module")
async def known(world: World) -> AsyncIterator[Sequence[Owner]]:
    """People who have an account."""
    async with owners(world, OWNERS) as found:
        yield found


@pytest.fixture(scope="module")
async def strangers(world: World) -> AsyncIterator[list[Stranger]]:
    """Whoever wants to find out."""
    async with crowd(world, NETWORKS) as found:
        yield found


async def silent(world: World, status: int, known: Ask, unknown: Ask, *, each: int) -> None:
    """Two kinds of answers are alike, each owner being asked about `each` times before that is forgotten.

    Measured again when over the bar: what an answer gives away, it gives away each time.
    """
    between = partial(all_is_forgotten, world)
    for _ in range(MEASURES):
        compared = await compare(known, unknown, PAIRS, at_a_time=each * OWNERS, between=between)
        say("A3", compared)
        assert {each.status for each in (*compared.known, *compared.unknown)} == {status}
        assert len(compared.forms) == 1, sorted(map(str, compared.forms))
        if compared.silent or not TIMED:
            return
    pytest.fail(str(compared))


async def test_log_in_answers_alike_for_a_wrong_code_and_for_nobody(
    world: World, known: Sequence[Owner], strangers: Sequence[Stranger]
) -> None:
    async def ask(nirs: Sequence[str], number: int) -> Heard:
        body = {"nir": nirs[number % OWNERS], "code": WRONG, "client_id": "android"}
        return await strangers[number % NETWORKS].post("/sessions", body)

    nobody = [each.nir for each in people(OWNERS)]
    await silent(world, 401, partial(ask, [each.nir for each in known]), partial(ask, nobody), each=5)


async def test_forgotten_code_answers_alike_for_an_account_and_for_nobody(
    world: World, known: Sequence[Owner], strangers: Sequence[Stranger]
) -> None:
    async def ask(asked: Sequence[dict[str, str]], number: int) -> Heard:
        return await strangers[number % NETWORKS].post("/code-resets", asked[number % OWNERS])

    def forms(persons: Sequence[Any]) -> Sequence[dict[str, str]]:
        return [{"nir": each.nir, "birth_date": each.birth_date} for each in persons]

    account, nobody = forms([each.person for each in known]), forms(people(OWNERS))
    await silent(world, 202, partial(ask, account), partial(ask, nobody), each=4)


async def test_creation_answers_alike_whoever_the_details_are_of(world: World, known: Sequence[Owner]) -> None:
    fresh = people(MEASURES * PAIRS + 20)
    await import_register(world.data, [each.line() for each in fresh])
    nobody = people(PAIRS)

    async with crowd(world, 2 * PAIRS) as strangers:
        turns = cycle(strangers)

        async def ask(details: Callable[[int], dict[str, str]], number: int) -> Heard:
            return await next(turns).post("/accounts", {"email": email(), **details(number)})

        unknown = partial(ask, lambda number: nobody[number].form())
        exists = partial(ask, lambda number: known[number % OWNERS].person.form())
        new = partial(ask, lambda _: fresh.pop().form())
        wrong = partial(ask, lambda _: known[0].person.form() | {"last_name": "AUTRE"})
        taken = partial(ask, lambda _: fresh.pop().form() | {"email": known[0].browser.email})
        assert len({form(await each(0)) for each in (unknown, exists, new, wrong, taken)}) == 1
        await silent(world, 202, exists, unknown, each=5)
        await silent(world, 202, new, unknown, each=5)


async def test_a_challenge_answers_alike_for_a_wrong_code_another_program_and_no_challenge(
    world: World, known: Sequence[Owner], strangers: Sequence[Stranger]
) -> None:
    async with device(world, email(), app=True) as app:
        asked = [(await app.first_code(each.nir, each.code)).expect(202) for each in known]
    real = [str(each.body["challenge_id"]) for each in asked]

    async def answer(challenge_id: str, number: int, client: str = "android") -> Heard:
        body = {"code": "000000", "client_id": client}
        return await strangers[number % NETWORKS].post(f"/sessions/challenges/{challenge_id}", body)

    async def one(number: int) -> Heard:
        return await answer(real[number % OWNERS], number)

    async def none(number: int) -> Heard:
        return await answer("".join(random.sample(real[number % OWNERS], len(real[0]))), number)

    compared = await compare(one, none, 4 * OWNERS, at_a_time=4 * OWNERS, between=lambda: None)
    say("A3", compared)
    others = [await answer(real[0], 0, "web"), await answer(real[0], 0), await answer(real[0], 0)]
    assert compared.forms == {form(each) for each in others}
    assert {each.status for each in compared.known} == {401}
    assert compared.silent, compared


async def test_a_change_of_email_answers_alike_for_a_free_address_and_a_taken_one(
    world: World, known: Sequence[Owner]
) -> None:
    renewed: dict[int, float] = {}

    async def ask(address: Callable[[int], str], number: int) -> Heard:
        owner = known[number % OWNERS]
        if time.monotonic() - renewed.get(number % OWNERS, -RENEW_SECONDS) >= RENEW_SECONDS:
            (await owner.browser.call("POST", "/sessions/refresh")).expect(200)
            renewed[number % OWNERS] = time.monotonic()
        body = {"email": address(number), "current_code": owner.code}
        started = time.perf_counter()
        answer = await owner.browser.call("PUT", "/me/email", body)
        seconds = time.perf_counter() - started
        return Heard(answer.status, answer.headers, json.dumps(answer.body).encode(), seconds)

    taken = partial(ask, lambda number: known[(number + 1) % OWNERS].browser.email)
    await silent(world, 202, taken, partial(ask, lambda _: email()), each=1)


def all_is_forgotten(world: World) -> None:
    """What is counted by number, by day or by address happened long ago."""

    def forget(rows: Callable[[str], Rows]) -> None:
        for counters in ("attempts", "proofs", "written", "email_changes"):
            rows(counters).remove({})
        rows("accounts").set({}, {name: [] for name in ("resets", "alerts", "blocks", "challenges")})

    change(world, "identity", forget)


def test_the_measure_tells_apart_what_differs_by_some_milliseconds() -> None:
    assert auc([1, 2, 3], [1, 2, 3]) == 0.5
    assert auc([2, 3], [0, 1]) == 1
    assert auc([0, 1], [2, 3]) == 0
    times = [random.gauss(0.150, 0.002) for _ in range(2 * PAIRS)]

    def heard(seconds: Sequence[float]) -> list[Heard]:
        return [Heard(401, {}, b"", each) for each in seconds]

    assert Compared(heard(times[:PAIRS]), heard(times[PAIRS:])).silent
    assert not Compared(heard([each + 0.005 for each in times[:PAIRS]]), heard(times[PAIRS:])).silent
