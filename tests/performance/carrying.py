"""From a commit in one service to the effect in another, at 50 commands a second."""

import asyncio
import statistics
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer

from contracts.envelope import encode
from deploy.demo.people import settlements, somebody_new
from deploy.demo.upstream import settlement
from tests.infra import until
from tests.world import World

PER_SECOND, SECONDS = 50, 12


async def measure(world: World) -> Mapping[str, Any]:
    """Percentiles over every reimbursement, from its commit in payments to its effect in the gateway."""
    people = [somebody_new().person_id for _ in range(PER_SECOND * SECONDS)]
    lines = [settlements("P1", person)[0] for person in people]
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka) as producer:
        for number, line in enumerate(lines):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - loop.time()))
            value, key = encode(settlement(line)), line["person_id"].encode()
            await producer.send("payments.inbound", value, key=key)
    inbox = world.database("gateway")["inbox"]
    where = {"key": {"$in": people}, "type": "payments.ReimbursementPaid.v1", "state": "done"}

    async def all_there() -> bool:
        return bool(inbox.count_documents(where) == len(people))

    await until(all_there, "every reimbursement at the gateway", within=60, every=0.5)
    committed = {row["_id"]: row["at"] for row in world.database("payments")["outbox"].find({"key": {"$in": people}})}
    took = sorted((row["done_at"] - committed[row["_id"]]).total_seconds() * 1000 for row in inbox.find(where))
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    return {
        "text": f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(took)} commands)",
        "bar": "p50 ≤ 50 ms, p99 ≤ 250 ms at 50/s",
        "met": p50 <= 50 and p99 <= 250,
        "p50_ms": round(p50),
        "p99_ms": round(p99),
    }
