"""Carries outbox rows to Kafka: in each person's order, never giving up, one relay a service at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics, telemetry
from chassis.clock import now
from chassis.failpoints import failpoint
from chassis.ids import jitter
from chassis.kafka import Cluster, producer
from chassis.lease import Lease
from chassis.mongo import Database, DatabaseDown, Document
from chassis.outbox import KEPT, Wake, envelope_of
from chassis.settings import ServiceSettings
from chassis.telemetry import log
from contracts.envelope import encode, headers

RENEWED_EVERY = 1.0
WINDOW = 1000
BATCH = 100
IN_TIME = 10.0
CLUSTER_CHECKED_EVERY = 5.0
SLOWEST = 10.0


class Relay:
    """The publishing side of one service. Only it produces."""

    def __init__(self, settings: ServiceSettings, database: Database, topics: Sequence[str], wake: Wake) -> None:
        self._settings = settings
        self._database = database
        self._topics = topics
        self._wake = wake
        self._cluster = Cluster(settings)
        self._producer: AIOKafkaProducer | None = None
        self._lease = Lease(database, "relay", settings.instance)
        self._renew_at = 0.0
        self._ends: dict[str, int] = {}
        self._seen_cluster = ""
        self._doubts_log = False
        self.lost_log = asyncio.Event()

    async def run(self) -> None:
        """Publish for as long as the process lives. Waits longer and longer, up to 10 s, while nothing works."""
        wait = 0.1
        try:
            while True:
                try:
                    published = await self._step()
                    wait = 0.1
                except (KafkaError, DatabaseDown, TimeoutError, OSError) as error:
                    log.warning("relay waits", cause=type(error).__name__, seconds=round(wait, 1))
                    metrics.background_failures.labels("relay").inc()
                    await self._drop_producer()
                    await asyncio.sleep(jitter(wait))
                    wait = min(wait * 2, SLOWEST)
                else:
                    if published < WINDOW:
                        await self._wake.wait(self._settings.relay_poll.total_seconds())
        finally:
            await self._drop_producer()

    async def _step(self) -> int:
        """One turn: hold the lease, know the broker, publish what is due; how many rows that was."""
        clock = asyncio.get_running_loop().time()
        if clock >= self._renew_at:
            await self._lease.hold()
            self._renew_at = clock + RENEWED_EVERY
        if not self._lease.fence:
            return 0
        if self._producer is None or self._doubts_log:
            await self._know_broker()
            self._doubts_log = False
        return await self._publish_due()

    async def watch(self) -> None:
        """Look after the outbox and the broker every 5 s, beside the publishing, which must not wait for it.

        Every process does: each restarts its own consumer when the cluster is another one. Raises KafkaError.
        """
        while True:
            await asyncio.sleep(CLUSTER_CHECKED_EVERY)
            if self._lease.fence:
                await self._measure()
                await self._remember_ends()
                await self._forget_old()
            cluster = await self._cluster.id()
            if self._seen_cluster not in {"", cluster}:
                self.lost_log.set()
            self._seen_cluster = cluster
            if self._lease.fence and await self._lost(cluster):
                self._doubts_log = True
                self._wake()

    async def _know_broker(self) -> None:
        """Have a producer on a broker whose log holds all that was published; else publish again."""
        cluster = await self._cluster.id()
        if await self._lost(cluster):
            self._ends = {}
            await self._drop_producer()
            await self._publish_again()
            self.lost_log.set()
            async with self._database.bounded():
                await self._database["broker"].delete({"_id": "cluster"})
        async with self._database.bounded():
            first = {"_id": "cluster"}, {"$setOnInsert": {"cluster": cluster, "ends": {}}}
            await self._database["broker"].update(*first, upsert=True)
        if self._producer is None:
            await self._cluster.ensure_topics([*self._topics, *(f"{topic}.dead" for topic in self._topics)])
            fresh = producer(self._settings)
            await fresh.start()
            self._producer = fresh

    async def _lost(self, cluster: str) -> bool:
        """Whether what this service has published is not, or no longer, in this cluster."""
        async with self._database.bounded():
            known = await self._database["broker"].find_one({"_id": "cluster"})
        return known is not None and (known["cluster"] != cluster or await self._is_shorter(known))

    async def _is_shorter(self, known: Document) -> bool:
        """Whether a partition ends before what was once acknowledged in it."""
        recorded = {_partition(name): end for name, end in known.get("ends", {}).items()}
        if not recorded:
            return False
        found = await self._cluster.ends(list(recorded))
        suspects = [(place, end) for place, end in recorded.items() if found.get(place, 0) < end]
        for place, end in suspects:
            if not await self._cluster.has(place, end - 1):
                return True
        return False

    async def _publish_again(self) -> None:
        """The broker lost its log: everything of the last 8 days is unsent. Inboxes drop what they know."""
        async with self._database.bounded(30):
            count = await self._database["outbox"].update_all(
                {"state": "published"}, {"$set": {"state": "pending"}, "$inc": {"round": 1}}
            )
        metrics.republished.inc(count)
        log.warning("broker lost its log, publishing again", count=count)

    async def _forget_old(self) -> None:
        """Delete what was published more than 8 days ago; what was not is kept however old it is."""
        async with self._database.bounded():
            old = {"state": "published", "at": {"$lt": now() - KEPT}}
            rows = await self._database["outbox"].find(old, limit=BATCH, only=["_id"])
            if rows:
                await self._database["outbox"].delete({"_id": {"$in": [row["_id"] for row in rows]}})

    async def _publish_due(self) -> int:
        """Publish what waits, a batch at a time until the lease is to be renewed."""
        async with self._database.bounded():
            rows = await self._database["outbox"].find({"state": "pending"}, sort=("at",), limit=WINDOW)
        published = 0
        for batch in (rows[start : start + BATCH] for start in range(0, len(rows), BATCH)):
            if asyncio.get_running_loop().time() >= self._renew_at and published:
                break
            failpoint("P2")
            async with asyncio.timeout(IN_TIME):
                places = await self._send(batch)
            failpoint("P3")
            await self._mark(batch, places)
            published += len(batch)
        return published

    async def _send(self, rows: Sequence[Document]) -> list[Any]:
        """Hand all rows to the producer in order, then wait for every acknowledgement."""
        assert self._producer is not None  # noqa: S101
        waiting = []
        for row in rows:
            attributes = {
                "messaging.system": "kafka",
                "messaging.destination.name": row["topic"],
                "compte.event_id": row["_id"],
                "compte.event_type": row["type"],
                "compte.person_id": row["key"],
                "compte.sequence": row["sequence"],
            }
            with telemetry.span("publish", row["topic"], parent=row["traceparent"], attributes=attributes):
                envelope = replace(envelope_of(row), traceparent=telemetry.traceparent() or row["traceparent"])
                waiting.append(
                    await self._producer.send(
                        row["topic"],
                        value=encode(envelope),
                        key=row["key"].encode(),
                        headers=headers(envelope),
                    )
                )
        return list(await asyncio.gather(*waiting))

    async def _mark(self, rows: Sequence[Document], places: Sequence[Any]) -> None:
        """Remember that the broker has them.

        Only in the round in which they were sent: a relay that was held up until the broker lost its log must
        not mark what has to be published again. Otherwise a late mark only repeats what is true.
        """
        for place in places:
            name = f"{place.topic.replace('.', '/')}|{place.partition}"  # a dot would nest the field
            self._ends[name] = max(self._ends.get(name, 0), place.offset + 1)
        by_round: dict[int, list[str]] = defaultdict(list)
        for row in rows:
            by_round[row["round"]].append(row["_id"])
            metrics.published.labels(row["topic"]).inc()
        async with self._database.bounded():
            for sent_in, names in by_round.items():
                await self._database["outbox"].update_all(
                    {"_id": {"$in": names}, "round": sent_in}, {"$set": {"state": "published"}}
                )

    async def _remember_ends(self) -> None:
        """Keep how long each partition was when last acknowledged, to notice if it ever is shorter."""
        ends, self._ends = self._ends, {}
        if ends:
            async with self._database.bounded():
                await self._database["broker"].update(
                    {"_id": "cluster"}, {"$max": {f"ends.{name}": end for name, end in ends.items()}}
                )

    async def _measure(self) -> None:
        async with self._database.bounded():
            oldest = await self._database["outbox"].find({"state": "pending"}, sort=("at",), limit=1, only=["at"])
            depth = await self._database["outbox"].count({"state": "pending"})
        metrics.outbox_pending.set(depth)
        metrics.outbox_age.set((now() - oldest[0]["at"]).total_seconds() if oldest else 0)

    async def _drop_producer(self) -> None:
        """Forget the producer: after an unknown error its state is unknown too, and its rows stay unsent."""
        old, self._producer = self._producer, None
        if old is not None:
            stopping = asyncio.ensure_future(old.stop())
            await asyncio.wait([stopping], timeout=5)


def _partition(name: str) -> TopicPartition:
    topic, _, partition = name.rpartition("|")
    return TopicPartition(topic.replace("/", "."), int(partition))
