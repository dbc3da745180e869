"""A real Apache Kafka: what it acknowledged survives its death, once and in order."""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError, RequestTimedOutError
from aiokafka.protocol.produce import ProduceRequest

from deploy.kafka import BrokerError, java, kafka, kill, start, stop

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
KEYS = [f"person-{number}" for number in range(12)]


def free_ports() -> tuple[int, int]:
    """Returns two ports below those the system hands to clients: one could take the port of a dead broker."""
    found: list[int] = []
    for port in random.sample(range(32000, 32760), 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        if len(found) == 2:
            return found[0], found[1]
    raise AssertionError("no free port between 32000 and 32760")


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.kafka", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.endswith(".\n")
    assert done.stderr.count("\n") == 1
    return done.stderr


async def create_topic(address: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=PARTITIONS, replication_factor=1)])
    finally:
        await admin.close()


async def read_all(address: str, topic: str) -> dict[str, list[int]]:
    """Returns the values of each key, in the order of its partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values = defaultdict(list)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    values[record.key.decode()].append(int(record.value))
        return dict(values)
    finally:
        await consumer.stop()


def idempotent(address: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True, request_timeout_ms=30000)


class Writer:
    """Keeps several messages of each key on their way until it is told to finish."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self.producer = producer
        self.topic = topic
        self.finish = False
        self.sent = dict.fromkeys(KEYS, 0)
        self.acknowledged: dict[str, list[int]] = {key: [] for key in KEYS}
        self.heard = asyncio.Event()
        self.deaf = False
        self.lost = asyncio.Event()
        self._send_request = producer.client.send
        producer.client.send = self._lose_replies

    async def write(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for key in KEYS:
                tasks.create_task(self._write_key(key))

    async def _write_key(self, key: str) -> None:
        while not self.finish:
            batch = range(self.sent[key], self.sent[key] + 5)
            self.sent[key] = batch.stop
            futures = [await self._send(key, value) for value in batch]
            for value, future in zip(batch, futures, strict=True):
                await future
                self.acknowledged[key].append(value)
                self.heard.set()

    async def _send(self, key: str, value: int) -> asyncio.Future[object]:
        future: asyncio.Future[object] = await self.producer.send(
            self.topic, key=key.encode(), value=str(value).encode()
        )
        return future

    async def _lose_replies(self, node: int, request: object, **options: object) -> object:
        reply: object = await self._send_request(node, request, **options)
        if self.deaf and isinstance(request, ProduceRequest):
            self.lost.set()
            raise RequestTimedOutError
        return reply

    async def stored_but_not_acknowledged(self) -> None:
        """Returns when the broker has stored messages whose replies were lost: each will be sent again."""
        self.lost.clear()
        self.deaf = True
        await self.lost.wait()

    async def next_acknowledgement(self) -> None:
        self.deaf = False
        self.heard.clear()
        await self.heard.wait()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kafka(tmp_path_factory.mktemp("kafka"), *free_ports()) as address:
        yield address


async def test_everything_acknowledged_survives_kills_of_the_broker_once_and_in_order(tmp_path: Path) -> None:
    ports = free_ports()
    with kafka(tmp_path, *ports) as address:
        await create_topic(address, "events")
        async with idempotent(address) as producer:
            writer = Writer(producer, "events")
            writing = asyncio.create_task(writer.write())
            for _ in range(2):
                await asyncio.sleep(1)
                await writer.stored_but_not_acknowledged()
                kill(tmp_path)
                killed = time.monotonic()
                await asyncio.to_thread(start, tmp_path, *ports)
                await writer.next_acknowledgement()
                assert time.monotonic() - killed < 20
            writer.finish = True
            await writing
        found = await read_all(address, "events")

    assert sum(writer.sent.values()) > 1000
    assert writer.acknowledged == {key: list(range(sent)) for key, sent in writer.sent.items()}
    assert found == writer.acknowledged


async def test_the_commands_start_stop_and_run_keep_what_was_written(tmp_path: Path) -> None:
    data = tmp_path / "données, à part"
    port, controller = (str(number) for number in free_ports())
    starting = ("start", "--data", str(data), "--port", port, "--controller-port", controller)
    try:
        started = command(*starting)
        assert started.returncode == 0, started.stderr
        announced = json.loads((data / "kafka.json").read_text())
        assert announced["kafka"] == f"127.0.0.1:{port}"
        await create_topic(announced["kafka"], "events")
        async with idempotent(announced["kafka"]) as producer:
            for value in range(20):
                await producer.send_and_wait("events", key=b"person", value=str(value).encode())

        assert str(announced["pid"]) in refusal(command(*starting))
        assert command("stop", "--data", str(data)).returncode == 0
        assert not (data / "kafka.json").exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))

        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.kafka", "run", *starting[1:], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert running.stdout is not None
        assert announced["kafka"] in (await running.stdout.readline()).decode()
        assert await read_all(announced["kafka"], "events") == {"person": list(range(20))}
        running.terminate()
        assert await asyncio.wait_for(running.wait(), 30) == 0
        assert not (data / "kafka.json").exists()
    finally:
        assert command("stop", "--data", str(data)).returncode == 0


async def test_a_topic_that_nobody_created_does_not_appear(broker: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        described = await admin.describe_topics(["never-created"])
        assert described[0]["error_code"] != 0
        assert "never-created" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_message_above_256_kib_is_refused(broker: str) -> None:
    await create_topic(broker, "sizes")
    async with idempotent(broker) as producer:
        await producer.send_and_wait("sizes", bytes(250_000))
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait("sizes", bytes(270_000))


@pytest.mark.parametrize("taken", [0, 1], ids=["clients", "controller"])
def test_a_taken_port_is_one_sentence(tmp_path: Path, taken: int) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports[taken])):
        done = command("start", "--data", str(tmp_path), "--port", str(ports[0]), "--controller-port", str(ports[1]))
    assert refusal(done) == f"Le port {ports[taken]} est déjà pris ou interdit.\n"
    assert not (tmp_path / "kafka.json").exists()


def test_a_missing_java_is_one_sentence(tmp_path: Path) -> None:
    done = command("start", "--data", str(tmp_path), PATH=str(tmp_path), JAVA_HOME="")
    assert "« java » est introuvable" in refusal(done)


def test_an_old_java_is_one_sentence(tmp_path: Path) -> None:
    script(tmp_path / "java", """echo 'openjdk version "11.0.20" 2023-07-18' >&2""")
    done = command("start", "--data", str(tmp_path), PATH=str(tmp_path), JAVA_HOME="")
    assert "Java 17 ou plus récent" in refusal(done)


@pytest.mark.parametrize(
    ("maven", "said"),
    [(None, "« mvn » est introuvable"), ("exit 1", "n'a pas pu réunir"), ("exit 0", "sans rendre")],
    ids=["missing", "failing", "empty"],
)
def test_jars_that_cannot_be_resolved_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maven: str | None, said: str
) -> None:
    if maven:
        script(tmp_path / "mvn", maven)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "LIBS", tmp_path / "libs")
    with pytest.raises(BrokerError, match=said):
        java.classpath()
    assert [path.name for path in tmp_path.glob("libs/*")] in ([], ["maven.log"])


def test_a_broker_that_dies_while_it_starts_is_one_sentence(tmp_path: Path) -> None:
    ports = free_ports()
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "meta.properties").write_text("version=1\ncluster.id=a\nnode.id=2\n")
    with pytest.raises(BrokerError, match=r"arrêté pendant son démarrage, le détail est dans .*kafka\.log\."):
        start(tmp_path, *ports)
    assert not stop(tmp_path)


def script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
