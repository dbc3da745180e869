"""From a commit in one service to its arrival in another, at 50 commands a second: the chassis alone."""

import asyncio
import statistics
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from chassis.consumers import Consumers
from chassis.service import Service
from contracts.envelope import Envelope
from tests.infra import Parts, service_settings, until
from tests.integration.chassis import toy

PER_SECOND, SECONDS, WARM_UP = 50, 14, 2


async def measure(parts: Parts) -> Mapping[str, Any]:
    """Percentiles from the end of a command's transaction to the start of the reaction in another service."""
    alike: dict[str, Any] = {"watch_outbox": False, "consume_at_once": 2}
    speaking = Service("toy", service_settings("identity", *parts, **alike))
    hearing = Service("gateway", service_settings("gateway", *parts, **alike))
    heard: dict[str, float] = {}
    listeners: Consumers[toy.Store] = Consumers(f"bench-{uuid4().hex[:6]}")

    @listeners.on(toy.Said)
    async def hear(envelope: Envelope, event: toy.Said, store: toy.Store) -> None:
        heard.setdefault(event.word, time.perf_counter())
        await store.hear(event.word, event.person_id, envelope.sequence)

    silent: Consumers[toy.Store] = Consumers("toy")
    async with toy.process(speaking, silent) as speaker, toy.process(hearing, listeners) as hearer:

        async def joined() -> bool:
            return (await hearer.health.ready())[1]["consumer"] == "joined"

        await until(joined, "the subscriber joined", within=30)
        committed = await _say(speaker)

        async def all_heard() -> bool:
            return committed.keys() <= heard.keys()

        await until(all_heard, "every word heard", within=60)
    words = list(committed)[PER_SECOND * WARM_UP :]
    took = sorted((heard[word] - committed[word]) * 1000 for word in words)
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    rate = (len(words) - 1) / (max(committed[word] for word in words) - min(committed[word] for word in words))
    return {
        "text": f"p50 {p50:.0f} ms, p99 {p99:.0f} ms at {rate:.0f} commands/s",
        "bar": "p50 ≤ 50 ms, p99 ≤ 250 ms at 50/s",
        "met": p50 <= 50 and p99 <= 250 and rate >= 0.95 * PER_SECOND,
        "p50_ms": round(p50, 1),
        "p99_ms": round(p99, 1),
        "commands_per_second": round(rate, 1),
    }


async def _say(speaker: Any) -> dict[str, float]:
    """Commands of as many persons, at an even pace; when each was committed."""
    committed: dict[str, float] = {}

    async def say(word: str) -> None:
        await speaker.work(toy.say, (toy.Said(person_id=uuid4(), word=word),))
        committed[word] = time.perf_counter()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            group.create_task(say(str(uuid4())))
    return committed
