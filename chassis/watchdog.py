"""Ends the process when its consumer has gone silent: aiokafka's can stop fetching without an error."""

import asyncio
import os
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.kafka import BROKEN, Cluster, Consumer
from chassis.telemetry import log

CHECKED_EVERY = 10.0
SILENT = 60.0


class Watchdog:
    """Looks at the group from outside, as any client can."""

    def __init__(self, cluster: Cluster, consumer: Consumer[Any], group: str) -> None:
        self._cluster = cluster
        self._consumer = consumer
        self._group = group
        self._seen: dict[TopicPartition, int] = {}
        self._moved_at = 0.0

    async def run(self) -> None:
        """Exit with code 70 after 60 s in which events wait here and none is taken."""
        clock = asyncio.get_running_loop().time
        self._moved_at = clock()
        while True:
            await asyncio.sleep(CHECKED_EVERY)
            try:
                if not await self._stuck() or self._consumer.waits_for_database:
                    self._moved_at = clock()
            except (KafkaError, TimeoutError, OSError):
                self._moved_at = clock()
            if clock() - self._moved_at > SILENT:
                log.critical("consumer is silent", seconds=round(clock() - self._moved_at))
                os._exit(BROKEN)

    async def _stuck(self) -> bool:
        """Whether events wait for the group, and none of its offsets has moved since the last look."""
        lag = await self._cluster.lag(self._group, self._consumer.topics)
        for topic in self._consumer.topics:
            behind = sum(end - done for place, (done, end) in lag.items() if place.topic == topic)
            metrics.consumer_lag.labels(topic).set(behind)
        done = {place: committed for place, (committed, _) in lag.items()}
        moved, self._seen = done != self._seen, done
        return not moved and any(end > committed for committed, end in lag.values())
