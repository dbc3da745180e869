"""A1: all four-digit codes are tried on one number, from a hundred networks at once, and over months."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from tests.abuse.crowd import Heard, Stranger, at_once, crowd
from tests.abuse.figures import say
from tests.abuse.moving import Rows, change
from tests.abuse.owners import device, number_index, owners, people
from tests.abuse.scale import scaled
from tests.world import World

STOP = 50
FREE = 5
STOPPED = "Ce code n'est plus accepté. Demandez un code provisoire avec « Code oublié »."  # no waiting helps
MONTH = timedelta(days=30)
NETWORKS = scaled(100, 20)
AT_ONCE = scaled(50, 8)
SPARE = 1  # a wave of which the machine had no time for anybody
WAVES = scaled(200, STOP - FREE + 3)
# In its usual run the number that nobody has is attacked only until it is seen to be counted like any other.
WAVES_ON_NOBODY = scaled(200, 6)


async def wave(strangers: Sequence[Stranger], nir: str, *, own: str) -> list[Heard]:
    """That many wrong codes at the same moment, each from another network."""
    wrong = [code for code in random.sample(range(10_000), AT_ONCE + 1) if f"{code:04}" != own][:AT_ONCE]
    callers = random.sample(strangers, min(AT_ONCE, len(strangers)))
    bodies = [{"nir": nir, "code": f"{code:04}", "client_id": "web"} for code in wrong]
    return await at_once(
        [partial(callers[at % len(callers)].post, "/sessions", body) for at, body in enumerate(bodies)], AT_ONCE
    )


def move_a_month(world: World, nir: str) -> None:
    """What was tried on the number happened a month earlier."""
    number = {"_id": number_index(world, nir)}

    def earlier(rows: Callable[[str], Rows]) -> None:
        [row] = rows("attempts").find(number)
        rows("attempts").set(number, {"own.last_at": row["own"]["last_at"] - MONTH})

    change(world, "identity", earlier)


async def attack(world: World, strangers: Sequence[Stranger], nir: str, *, waves: int, own: str = "") -> Counter[int]:
    """Wave after wave, a month apart; how many answers there were of each status."""
    answers = Counter[int]()
    for number in range(waves):
        heard = await wave(strangers, nir, own=own)
        judged = sum(each.status == 401 for each in heard)
        allowed = FREE if number == 0 else 1
        assert judged <= allowed, f"wave {number + 1}: {judged} codes were judged at once, {allowed} may be"
        told = [each for each in heard if each.status == 429]
        assert all(each.headers.get("retry-after") or json.loads(each.body)["detail"] == STOPPED for each in told)
        answers.update(each.status for each in heard)
        move_a_month(world, nir)
    return answers


def assert_judged(world: World, nir: str, answers: Counter[int], waves: int) -> None:
    """Five at first, then one a wave, until as many were judged as may ever be; who did not wait is counted too."""
    say("A1", f"{waves * AT_ONCE} codes in {waves} waves from {NETWORKS} networks: {dict(answers)}")
    most = min(STOP, FREE + waves - 1)
    assert set(answers) <= {401, 429, 503}
    assert answers[401] <= most
    row = world.database("identity")["attempts"].find_one({"_id": number_index(world, nir)})
    assert most - SPARE <= row["own"]["count"] <= most


async def test_no_more_than_50_codes_are_ever_judged_and_the_owner_still_gets_in_on_known_devices(world: World) -> None:
    async with owners(world, 1) as [owner], crowd(world, NETWORKS) as strangers:
        async with device(world, owner.browser.email, app=True) as app:
            (await app.log_in(owner.nir, owner.code)).expect(200)
            answers = await attack(world, strangers, owner.nir, waves=WAVES, own=owner.code)
            assert_judged(world, owner.nir, answers, WAVES)
            right = {"nir": owner.nir, "code": owner.code, "client_id": "web"}
            assert (await strangers[0].post("/sessions", right)).status in {401, 429}
            (await app.first_code(owner.nir, owner.code)).expect(200)
        (await owner.browser.first_code(owner.nir, owner.code)).expect(200)


async def test_a_number_that_nobody_has_is_refused_after_as_many_tries(world: World) -> None:
    [nobody] = people(1)
    async with crowd(world, NETWORKS) as strangers:
        answers = await attack(world, strangers, nobody.nir, waves=WAVES_ON_NOBODY)
    assert_judged(world, nobody.nir, answers, WAVES_ON_NOBODY)
