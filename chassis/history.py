"""Reads whole topics from their first record, beside any group: for rebuilding and for looking."""

from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import Cluster
from chassis.settings import ServiceSettings
from contracts.envelope import Envelope, MalformedEnvelope, decode


async def history(settings: ServiceSettings, topics: Sequence[str]) -> AsyncIterator[Envelope]:
    """Every event of the topics from offset 0 to the end they have now; each partition in order.

    What cannot be read is passed over: it had no effect when it was new. Raises KafkaError.
    """
    async for value in raw_history(settings, topics):
        try:
            yield decode(value)
        except MalformedEnvelope:
            continue


async def raw_history(settings: ServiceSettings, topics: Sequence[str]) -> AsyncIterator[bytes]:
    """The values of the topics' records from offset 0 to the end they have now. Raises KafkaError."""
    places = await Cluster(settings).partitions(topics)
    reader = AIOKafkaConsumer(bootstrap_servers=settings.kafka_url, enable_auto_commit=False, fetch_max_wait_ms=20)
    await reader.start()
    try:
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        ends: dict[TopicPartition, int] = await reader.end_offsets(places) if places else {}
        while [place for place, end in ends.items() if await reader.position(place) < end]:
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    yield record.value or b""
    finally:
        await reader.stop()
