"""Who may do what on a broker that asks who one is: only the owner of a topic writes to it (A22)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest

from deploy.kafka.java import BrokerError

LITERAL, ALLOW, ANYWHERE = 3, 3, "*"


class Resource(IntEnum):
    """What a right is about, as Kafka numbers it."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """What a right allows, as Kafka numbers it."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8


@dataclass(frozen=True)
class Right:
    """One user may do one thing with one topic or group."""

    user: str
    resource: Resource
    name: str
    operation: Operation


def rights(service: str, publishes: Iterable[str], reads: Iterable[str], group: str | None = None) -> Iterator[Right]:
    """What a service needs: its own topics, the topics it reads and their dead letters, and its group.

    It reads its own topics too, to notice that the broker has lost what it acknowledged.
    """
    own, heard = sorted(set(publishes)), sorted(set(reads))
    dead = [f"{topic}.dead" for topic in {*own, *heard}]
    for topic in (*own, *dead):
        for operation in (Operation.WRITE, Operation.CREATE, Operation.DESCRIBE):
            yield Right(service, Resource.TOPIC, topic, operation)
    for topic in (*own, *heard, *dead):
        yield Right(service, Resource.TOPIC, topic, Operation.READ)
    if heard:
        yield Right(service, Resource.GROUP, group or service, Operation.READ)


async def grant(address: str, granted: Iterable[Right]) -> None:
    """Give the rights, by the port of who administers. Raises BrokerError, KafkaError."""
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=10_000)
    await client.bootstrap()
    try:
        for right in granted:
            request = CreateAclsRequest(
                right.resource, right.name, LITERAL, f"User:{right.user}", ANYWHERE, right.operation, ALLOW
            )
            answer = await client.send(client.get_random_node(), request)
            if any(code for code, *_ in answer.creation_responses):
                raise BrokerError(f"Kafka n'a pas accordé {right.operation.name} sur {right.name} à {right.user}.")
    finally:
        await client.close()
