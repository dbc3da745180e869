"""Kafka, as a carrier only: FastStream brings batches, the inbox decides, one commit follows the database."""

import asyncio
import logging
import os
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, TopicAlreadyExistsError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from chassis.failpoints import failpoint
from chassis.ids import jitter
from chassis.inbox import Inbox, Record
from chassis.mongo import DatabaseDown
from chassis.settings import ServiceSettings
from chassis.telemetry import log

S = TypeVar("S")
BATCH = 100
BROKEN = 70
MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """Where the broker is and who this service is to it, for every client of aiokafka."""
    return {"bootstrap_servers": settings.kafka_url, **parse_security(_security(settings))}


def _security(settings: ServiceSettings) -> BaseSecurity:
    """The same for FastStream."""
    trusted = ssl.create_default_context(cafile=settings.kafka_ca_file) if settings.kafka_tls else None
    if settings.kafka_username is None or settings.kafka_password is None:
        return BaseSecurity(ssl_context=trusted, use_ssl=settings.kafka_tls)
    return MECHANISMS[settings.kafka_mechanism](
        settings.kafka_username,
        settings.kafka_password.get_secret_value(),
        ssl_context=trusted,
        use_ssl=settings.kafka_tls,
    )


def producer(settings: ServiceSettings) -> AIOKafkaProducer:
    """A producer that loses nothing: every in-sync replica acknowledges, and retries do not duplicate."""
    return AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        linger_ms=0,
        request_timeout_ms=5000,
        retry_backoff_ms=100,
        max_request_size=256 * 1024,
    )


class Cluster:
    """What this process asks the broker about itself. Every call raises KafkaError when nobody answers."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings

    async def id(self) -> str:
        """The cluster's id; another one means another log."""
        async with self._admin() as admin:
            return str((await admin.describe_cluster())["cluster_id"])

    async def ensure_topics(self, names: Sequence[str]) -> None:
        """Create the topics that do not exist."""
        async with self._admin() as admin:
            for name in sorted(set(names) - set(await admin.list_topics())):
                topic = NewTopic(name, self._settings.kafka_partitions, self._settings.kafka_replicas)
                try:
                    await admin.create_topics([topic])
                except TopicAlreadyExistsError:
                    continue

    async def partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        """The partitions of those topics that exist."""
        async with self._admin() as admin:
            existing = sorted(set(topics) & set(await admin.list_topics()))
            described = await admin.describe_topics(existing) if existing else []
        return [TopicPartition(each["topic"], part["partition"]) for each in described for part in each["partitions"]]

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The end offset of each partition that exists."""
        existing = set(await self.partitions(sorted({place.topic for place in places}))) & set(places)
        async with self._reader(None) as reader:
            found: dict[TopicPartition, int] = await reader.end_offsets(list(existing)) if existing else {}
            return found

    async def has(self, place: TopicPartition, offset: int) -> bool:
        """Whether a record can be read. Tansu states the end of a log too low when its last batch has several."""
        async with self._reader(None) as reader:
            reader.assign([place])
            reader.seek(place, offset)
            try:
                found = await reader.getmany(place, timeout_ms=1000)
            except OffsetOutOfRangeError:
                return False
            return any(record.offset >= offset for record in found.get(place, ()))

    async def lag(self, group: str, topics: Sequence[str]) -> dict[TopicPartition, tuple[int, int]]:
        """For each partition of the topics: what the group has committed (0 if nothing), and the end."""
        places = await self.partitions(topics)
        async with self._reader(group) as reader:
            ends = await reader.end_offsets(places) if places else {}
            return {place: (await reader.committed(place) or 0, ends[place]) for place in places}

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(**client_options(self._settings), request_timeout_ms=3000)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    @asynccontextmanager
    async def _reader(self, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer that asks and never joins."""
        reader = AIOKafkaConsumer(
            **client_options(self._settings),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=5000,
        )
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


async def _without_headers(records: Any, original: Any) -> Any:
    """Let FastStream parse a batch without its headers: one that is not UTF-8 would make it drop the batch."""
    return await original(tuple(replace(record, headers=()) for record in records))


async def _whole(message: Any) -> Any:
    """Hand the message over as it is; the inbox decodes, so that what it cannot read is not lost."""
    return message


class Consumer(Generic[S]):
    """The consuming side of one service: its group, on the topics of its reactions."""

    def __init__(self, settings: ServiceSettings, inbox: Inbox[S]) -> None:
        self._settings = settings
        self._inbox = inbox
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self.waits_for_database = False
        self.received = 0

    @property
    def topics(self) -> list[str]:
        """What this group reads."""
        return self._inbox.consumers.topics

    @property
    def joined(self) -> bool:
        """Whether this process has been given partitions of every topic it reads, as far as it knows."""
        return not self.topics or bool(self.assignment())

    def assignment(self) -> set[TopicPartition]:
        """The partitions this process reads now."""
        reader = getattr(self._subscriber, "consumer", None)
        return set(reader.assignment()) if reader is not None else set()

    async def start(self) -> None:
        """Join the group. Raises KafkaError when the broker does not answer."""
        self._broker = KafkaBroker(
            self._settings.kafka_url,
            security=_security(self._settings),
            graceful_timeout=15,
            ack_policy=AckPolicy.MANUAL,
            apply_types=False,
            allow_auto_create_topics=False,
            logger=logging.getLogger("compte.faststream"),
        )
        self._subscriber = self._broker.subscriber(
            *self.topics,
            group_id=self._inbox.consumers.group,
            group_instance_id=re.sub(r"[^A-Za-z0-9._-]", "-", self._settings.instance),
            batch=True,
            max_records=BATCH,
            batch_timeout_ms=100,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            fetch_max_wait_ms=20,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            parser=_without_headers,
            decoder=_whole,
        )
        self._subscriber(self._on_batch)
        await self._broker.start()

    async def stop(self) -> None:
        """Finish the batch in hand and leave the group."""
        if self._broker is not None:
            await self._broker.stop()
        self._broker = self._subscriber = None

    async def _on_batch(self, message: KafkaMessage) -> None:
        """Bring every record of a batch to its outcome, then commit once.

        Nothing may be raised here: FastStream would go on and a later commit would skip the batch.
        So a fault of this code ends the process, and the batch comes again.
        """
        try:
            await self._settle(message.raw_message)
            failpoint("P4")
        except Exception as fault:
            log.critical("consumer is broken", cause=type(fault).__name__, exc_info=True)
            os._exit(BROKEN)
        try:
            await message.ack()
        except KafkaError as error:
            # The partitions moved meanwhile; whoever has them now skips what is in the inbox.
            log.warning("offsets not committed", cause=type(error).__name__)

    async def _settle(self, records: Any) -> None:
        by_key: dict[tuple[str, bytes], list[Record]] = defaultdict(list)
        for record in records:
            key = bytes(record.key or b"")
            by_key[record.topic, key].append(
                Record(
                    record.topic,
                    record.partition,
                    record.offset,
                    key.decode(errors="replace"),
                    record.value or b"",
                )
            )
        room = asyncio.Semaphore(self._settings.consume_at_once)

        async def in_order(mine: list[Record]) -> None:
            async with room:
                for record in mine:
                    await self._receive(record)

        async with asyncio.TaskGroup() as group:
            for mine in by_key.values():
                group.create_task(in_order(mine))

    async def _receive(self, record: Record) -> None:
        wait = 0.1
        while True:
            try:
                await self._inbox.receive(record)
            except DatabaseDown:
                self.waits_for_database = True
                await asyncio.sleep(jitter(wait))
                wait = min(wait * 2, 2)
            else:
                self.waits_for_database = False
                self.received += 1
                return
