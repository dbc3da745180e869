"""The longest chain there is: the caisse settles, payments composes and commits, the gateway hears of it."""

import asyncio
import json
import statistics
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiokafka import AIOKafkaProducer

from contracts.envelope import encode
from deploy.demo.people import settlements, somebody_new
from deploy.demo.upstream import settlement
from tests.infra import until
from tests.world import World

PER_SECOND, SECONDS = 50, 12
ARRIVAL = "consume payments.ReimbursementPaid.v1"


async def measure(world: World) -> Mapping[str, Any]:
    """Percentiles over every reimbursement, from its commit in payments to the gateway's handling."""
    before = await _taken(world)
    people = [somebody_new().person_id for _ in range(PER_SECOND * SECONDS)]
    lines = [settlements("P1", person)[0] for person in people]
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka) as producer:
        for number, line in enumerate(lines):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - loop.time()))
            value, key = encode(settlement(line)), line["person_id"].encode()
            await producer.send("payments.inbound", value, key=key)

    async def all_there() -> bool:
        return await _taken(world) - before >= len(people)

    await until(all_there, "every reimbursement at the gateway", within=60, every=0.5)
    committed, reached = await _commits_and_arrivals(world, set(people))
    took = sorted((reached[trace] - committed[trace]) / 1e6 for trace in reached)
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    rate = (len(took) - 1) / ((max(committed.values()) - min(committed.values())) / 1e9)
    return {
        "text": f"p50 {p50:.0f} ms, p99 {p99:.0f} ms at {rate:.0f} commits/s",
        "bar": "none: 50/s asked, this is what came",
        "met": True,
        "p50_ms": round(p50),
        "p99_ms": round(p99),
        "commits_per_second": round(rate, 1),
    }


async def _commits_and_arrivals(world: World, people: set[str]) -> tuple[dict[str, int], dict[str, int]]:
    """By trace, in nanoseconds: the end of each commit in payments, and the start of its handling in the gateway."""

    def spans() -> list[dict[str, Any]]:
        kept = [json.loads(line) for path in world.data.glob("traces*.ndjson") for line in path.open()]
        return [span for span in kept if span["service"] in {"payments", "gateway"}]

    async def all_kept() -> tuple[dict[str, int], dict[str, int]] | None:
        kept = spans()
        mine = [each for each in kept if each["attributes"].get("compte.person_id") in people]
        reached = {each["trace_id"]: each["start_ns"] for each in mine if each["name"] == ARRIVAL}
        commits = [each for each in kept if (each["service"], each["name"]) == ("payments", "commit consume")]
        committed = {each["trace_id"]: each["end_ns"] for each in commits if each["trace_id"] in reached}
        return (committed, reached) if len(committed) == len(reached) >= len(people) else None

    return await until(all_kept, "every span at the trace page", within=20, every=1)


async def _taken(world: World) -> float:
    """The gateway's own count of payments' events; asking its database would slow down what is measured."""
    async with aiohttp.ClientSession() as http, http.get(f"{world.stack.services['gateway'].url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    counted = [
        line for line in lines if line.startswith('compte_consumed_total{outcome="done",topic="payments.events"}')
    ]
    return float(counted[0].rpartition(" ")[2]) if counted else 0.0
