"""The caisse's own information system, as far as this system sees it: a register file and a topic of settlements."""

import asyncio
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from aiokafka import AIOKafkaProducer

from contracts.caisse import CareSettled
from contracts.envelope import Envelope, encode, headers
from deploy.embedded.commands import run


async def publish_settlements(kafka: str, lines: Iterable[Mapping[str, Any]], *, fresh: bool = True) -> int:
    """Publish the lines of a settlement file; how many there were.

    `fresh=False` names the events after their settlements, so that publishing a file twice changes nothing.
    """
    count = 0
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for line in lines:
            envelope = settlement(line, fresh=fresh)
            await producer.send_and_wait(
                CareSettled.topic, encode(envelope), key=envelope.key.encode(), headers=headers(envelope)
            )
            count += 1
    return count


def settlement(line: Mapping[str, Any], *, fresh: bool = True) -> Envelope:
    """One line of a settlement file as the event that the caisse publishes."""
    event = CareSettled.model_validate(line)
    name = uuid4() if fresh else uuid5(NAMESPACE_URL, f"settlement:{event.settlement_id}")
    return Envelope(
        id=str(name),
        type=CareSettled.type,
        source="/caisse",
        subject=str(event.settlement_id),
        key=str(event.person_id),
        time=datetime.now(UTC),
        data=event.model_dump(mode="json"),
    )


async def import_register(data: Path, lines: Iterable[str]) -> None:
    """Give identity a register file of the caisse. Raises RuntimeError with the importer's own words."""
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        done = await asyncio.to_thread(run, data, "identity", ["import", file.name])
    if done.returncode:
        raise RuntimeError(f"import of the register failed: {done.stderr.strip()[-300:]}")
