"""The relay, which reads, sends and marks rows, against a bare aiokafka producer that only sends them."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from prometheus_client import REGISTRY

from chassis.clock import now
from chassis.kafka import Cluster, producer
from chassis.mongo import Database
from chassis.outbox import INDEXES, Wake, row
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from contracts.envelope import Envelope, encode, headers
from tests.infra import Parts, service_settings, until

ROUNDS, ROWS = 5, 3000
TOPIC = "bench.events"


async def measure(parts: Parts) -> Mapping[str, Any]:
    """Events a second of both, in turns, and the median of their ratios."""
    settings = service_settings("gateway", parts.mongodb, parts.kafka)
    await Cluster(settings).ensure_topics([TOPIC, f"{TOPIC}.dead"])
    relayed, raw = [], []
    for _ in range(ROUNDS):
        envelopes = [_envelope() for _ in range(ROWS)]
        raw.append(await _produce(settings, envelopes))
        relayed.append(await _relay(settings, envelopes))
    ratio = statistics.median(mine / other for mine, other in zip(relayed, raw, strict=True))
    return {
        "text": f"{ratio:.0%} of a raw producer ({statistics.median(relayed):.0f}/s)",
        "bar": "≥ 30 % of one that awaits each event",
        "met": ratio >= 0.3,
        "ratio": round(ratio, 3),
        "events_per_second": round(statistics.median(relayed)),
        "reference_per_second": round(statistics.median(raw)),
    }


def _envelope() -> Envelope:
    key = str(uuid4())
    data = {"person_id": key, "word": "x" * 200}
    return Envelope(str(uuid4()), "bench.Said.v1", "/compte/bench", "word", key, now(), data, sequence=1)


async def _produce(settings: ServiceSettings, envelopes: list[Envelope]) -> float:
    async with producer(settings) as sending:
        started = time.perf_counter()
        for each in envelopes:
            await sending.send_and_wait(TOPIC, encode(each), key=each.key.encode(), headers=headers(each))
        return len(envelopes) / (time.perf_counter() - started)


async def _relay(settings: ServiceSettings, envelopes: list[Envelope]) -> float:
    database = Database(
        settings.mongodb_url.get_secret_value(),
        f"bench-{uuid4().hex[:8]}",
        driver="motor",
        deadline=settings.database_deadline,
    )
    await database.ensure_indexes(INDEXES)
    await database["outbox"].insert(*(row(each, TOPIC, at=now()) for each in envelopes))
    started, before = time.perf_counter(), _published()
    task = asyncio.create_task(Relay(settings, database, [TOPIC], Wake()).run())

    async def all_published() -> bool:
        return _published() - before >= len(envelopes)

    await until(all_published, "every row published", within=60)
    took = time.perf_counter() - started
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await database.close()
    return len(envelopes) / took


def _published() -> float:
    """The relay's own count; asking the database would slow down what is measured."""
    return REGISTRY.get_sample_value("compte_published_total", {"topic": TOPIC}) or 0.0
