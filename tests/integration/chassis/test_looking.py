"""What a process can ask the broker about itself."""

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaProducer, TopicPartition

from chassis.history import raw_history
from chassis.kafka import Cluster
from tests.infra import service_settings


async def test_the_lag_of_a_group_is_what_it_has_not_committed(kafka_url: str, mongodb_url: str) -> None:
    settings = service_settings("gateway", mongodb_url, kafka_url)
    cluster, topic = Cluster(settings), f"lag-{uuid4().hex}"
    await cluster.ensure_topics([topic])
    await cluster.ensure_topics([topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka_url) as producer:
        for word in (b"one", b"two"):
            await producer.send_and_wait(topic, word, partition=1)
    lag = await cluster.lag("nobody", [topic, "absent"])
    assert lag == {TopicPartition(topic, part): (0, 2 if part == 1 else 0) for part in range(3)}
    assert await cluster.ends([TopicPartition(topic, 1), TopicPartition("absent", 0)]) == {TopicPartition(topic, 1): 2}


async def test_the_history_of_topics_is_read_from_their_first_record_to_their_end(
    kafka_url: str, mongodb_url: str
) -> None:
    settings = service_settings("gateway", mongodb_url, kafka_url)
    topics = [f"history-{uuid4().hex}" for _ in range(2)]
    await Cluster(settings).ensure_topics(topics)
    async with AIOKafkaProducer(bootstrap_servers=kafka_url) as producer:
        for topic in topics:
            for number in range(5):
                await producer.send_and_wait(topic, f"{number}".encode(), key=b"k")
    assert sorted([value async for value in raw_history(settings, topics)]) == sorted([b"%d" % n for n in range(5)] * 2)


async def test_a_record_of_a_batch_is_found_and_one_beyond_the_log_is_not(kafka_url: str, mongodb_url: str) -> None:
    cluster, topic = Cluster(service_settings("gateway", mongodb_url, kafka_url)), f"has-{uuid4().hex}"
    await cluster.ensure_topics([topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka_url) as producer:
        await asyncio.gather(*[await producer.send(topic, b"word", partition=0) for _ in range(5)])
    assert await cluster.has(TopicPartition(topic, 0), 4)
    assert not await cluster.has(TopicPartition(topic, 0), 5)
    assert not await cluster.has(TopicPartition(topic, 0), 50)
    assert not await cluster.has(TopicPartition(topic, 1), 0)
