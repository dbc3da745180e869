"""A17: log-ins are sent as fast as can be, so that hashing leaves no time for anything else."""

import asyncio
import statistics
import time
from collections import Counter
from itertools import count
from pathlib import Path

from deploy.demo.client import Insured
from tests.abuse.crowd import Stranger, crowd
from tests.abuse.figures import say
from tests.abuse.owners import owners, people
from tests.abuse.scale import scaled
from tests.world import World

SECONDS = scaled(60, 5)
AT_ONCE = 150
NETWORKS = scaled(300, 60)
MOST_WAIT = 0.3
# Two hashes at once, each in 19 MiB; and what requests that wait hold themselves.
HASHES, REQUESTS = 2 * 19, 60
OTHERS = ("/home", "/payments", "/requests", "/capabilities")


async def test_a_flood_of_log_ins_is_turned_away_and_nothing_else_gets_slow(world: World) -> None:
    numbers = count()
    nirs = [each.nir for each in people(500)]
    answers: Counter[int] = Counter()
    identity = world.stack.services["identity"].pid
    async with owners(world, 1) as [owner], crowd(world, NETWORKS) as strangers:
        before = resident(identity)
        ends = time.monotonic() + SECONDS

        async def flood(stranger: Stranger) -> None:
            while time.monotonic() < ends:
                body = {"nir": nirs[next(numbers) % len(nirs)], "code": "7391", "client_id": "ios"}
                answers[(await stranger.post("/sessions", body)).status] += 1

        floods = [asyncio.create_task(flood(strangers[at % NETWORKS])) for at in range(AT_ONCE)]
        waits = await watch(owner.browser, ends)
        await asyncio.gather(*floods)
        grown = resident(identity) - before
    p99 = {path: statistics.quantiles(took, n=100)[98] for path, took in waits.items()}
    said = {path: f"{seconds * 1e3:.0f} ms" for path, seconds in p99.items()}
    say("A17", f"{sum(answers.values())} log-ins in {SECONDS} s {dict(answers)}, p99 {said}, {grown:.0f} MiB more")
    assert set(answers) <= {401, 429, 503}
    assert answers[503], "nobody was turned away"
    assert grown <= HASHES + REQUESTS
    assert max(p99.values()) <= MOST_WAIT, said


async def watch(insured: Insured, ends: float) -> dict[str, list[float]]:
    """How long other answers take meanwhile."""
    took: dict[str, list[float]] = {path: [] for path in OTHERS}
    while time.monotonic() < ends:
        for path, seconds in took.items():
            started = time.perf_counter()
            (await insured.call("GET", path)).expect(200)
            seconds.append(time.perf_counter() - started)
        await asyncio.sleep(0.02)
    return took


def resident(pid: int) -> float:
    """The memory that a process holds, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
