"""Reads whole topics from their first record, beside any group: for rebuilding and for looking."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import Cluster, client_options
from chassis.origin import believed
from chassis.settings import ServiceSettings
from contracts.envelope import Envelope, MalformedEnvelope


async def history(settings: ServiceSettings, topics: Sequence[str]) -> AsyncIterator[Envelope]:
    """Every event of the topics from offset 0 to the end they have now; each partition in order.

    What is not believed is passed over: it had no effect when it was new. Raises KafkaError.
    """
    async for record in _records(settings, topics):
        try:
            yield believed(record.topic, (record.key or b"").decode(errors="replace"), record.value or b"")
        except MalformedEnvelope:
            continue


async def raw_history(settings: ServiceSettings, topics: Sequence[str]) -> AsyncIterator[bytes]:
    """The values of the topics' records from offset 0 to the end they have now. Raises KafkaError."""
    async for record in _records(settings, topics):
        yield record.value or b""


async def _records(settings: ServiceSettings, topics: Sequence[str]) -> AsyncIterator[Any]:
    places = await Cluster(settings).partitions(topics)
    reader = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, fetch_max_wait_ms=20)
    await reader.start()
    try:
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        ends: dict[TopicPartition, int] = await reader.end_offsets(places) if places else {}
        while [place for place, end in ends.items() if await reader.position(place) < end]:
            for records in (await reader.getmany(timeout_ms=200)).values():
                for found in records:
                    yield found
    finally:
        await reader.stop()
