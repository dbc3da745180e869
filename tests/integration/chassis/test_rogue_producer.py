"""A rogue producer (A22): what is forged has no effect, ends as a dead letter and is repeated nowhere."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from bson import encode as to_bson
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from chassis import inbox, outbox, telemetry
from chassis.clock import now
from chassis.history import history
from chassis.inbox import Inbox, Outcome, Record
from chassis.kafka import Cluster, producer
from chassis.mongo import CODEC
from chassis.service import Service
from chassis.work import Work
from contracts.envelope import Envelope, encode
from tests.infra import fresh_service
from tests.integration.chassis import toy
from tests.integration.chassis.toy import Said, Store

NIR = "285032999090195"
PERSON = str(uuid4())
Change = Callable[[Envelope], tuple[str, Envelope]]


def said(**change: Any) -> Envelope:
    data = {"person_id": PERSON, "word": "forged"}
    true = Envelope(str(uuid4()), Said.type, "/compte/toy", "word", PERSON, now(), data, sequence=1)
    return replace(true, **change)


class Hearing:
    """A service that hears, and everything it leaves behind."""

    def __init__(self, service: Service) -> None:
        self.service = service
        work: Work[Store] = Work(service.database, service.source, Store, service.wake)
        self._inbox = Inbox(toy.listeners("hearing"), work, Store, service.cipher)
        self.spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.tracer = provider.get_tracer("test")
        self._offset = 0

    async def receive(self, value: bytes, *, key: str = PERSON, topic: str = "toy.events") -> Outcome:
        self._offset += 1
        return await self._inbox.receive(Record(topic, 0, self._offset, key, value))

    async def rows(self, name: str) -> list[dict[str, Any]]:
        return await self.service.database[name].find({})

    async def traces(self) -> bytes:
        """All that is stored, said in a span, and counted."""
        names = await self.service.database.raw.list_collection_names()
        stored = [to_bson(row, codec_options=CODEC) for name in names for row in await self.rows(name)]
        spans = "".join(span.to_json() for span in self.spans.get_finished_spans())
        return b"".join(stored) + spans.encode() + generate_latest()


@pytest.fixture
async def hearing(mongodb_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hearing]:
    async for service in fresh_service("gateway", mongodb_url):
        for indexes in (inbox.INDEXES, outbox.INDEXES, toy.INDEXES):
            await service.database.ensure_indexes(indexes)
        built = Hearing(service)
        monkeypatch.setattr(telemetry, "_tracer", built.tracer)
        yield built


FORGED = {
    "another source": said(source="/compte/payments"),
    "a number as id": said(id=NIR),
    "a number as subject": said(subject=NIR),
    "a number as key": said(key=NIR, data={"person_id": NIR, "word": "forged"}),
    "a number as type": said(type=f"toy.Said{NIR}.v1"),
    "a number as unknown version": said(type=f"toy.Said.v{NIR}"),
    "a number as source": said(source=f"/compte/{NIR}"),
    "a number as trace": said(traceparent=f"00-{NIR}-00"),
    "somebody else's data": said(data={"person_id": str(uuid4()), "word": NIR}),
    "a sequence no database holds": said(sequence=2**62),
}


@pytest.mark.parametrize("envelope", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_event_is_dead_and_repeated_nowhere(
    hearing: Hearing, envelope: Envelope, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure_logs("gateway")
    assert await hearing.receive(encode(envelope), key=envelope.key) is Outcome.DEAD
    assert await hearing.receive(encode(envelope), key=envelope.key) is Outcome.SKIPPED
    assert await hearing.rows("heard") == []
    assert await hearing.rows("watermarks") == []
    (letter,) = await hearing.rows("outbox")
    assert letter["topic"] == "toy.events.dead"
    left = await hearing.traces() + capsys.readouterr().out.encode()
    assert b"event is dead" in left
    for secret in (NIR, envelope.id, *([] if envelope.key == NIR else [PERSON])):
        assert secret.encode() not in left


async def test_words_under_a_key_that_is_not_their_person_are_repeated_nowhere(
    hearing: Hearing, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure_logs("gateway")
    assert await hearing.receive(encode(said()), key=NIR) is Outcome.DEAD
    assert await hearing.receive(f"nir={NIR}".encode(), key=NIR) is Outcome.DEAD
    assert await hearing.receive(encode(said()), topic="payments.events") is Outcome.DEAD
    assert NIR.encode() not in await hearing.traces() + capsys.readouterr().out.encode()


async def test_a_forged_event_does_not_hold_up_the_true_one(hearing: Hearing) -> None:
    assert await hearing.receive(encode(said(source="/compte/payments"))) is Outcome.DEAD
    assert await hearing.receive(encode(said(data={"person_id": PERSON, "word": "true"}))) is Outcome.DONE
    assert [row["word"] for row in await hearing.rows("heard")] == ["true"]


async def test_deeply_nested_data_does_not_end_the_consumer(hearing: Hearing) -> None:
    deep = encode(said()).replace(b'"data":{', b'"data":{"x":' + b"[" * 600 + b"]" * 600 + b",", 1)
    assert await hearing.receive(deep) is Outcome.DEAD


async def test_what_is_rebuilt_from_the_log_leaves_out_what_was_forged(mongodb_url: str, kafka_url: str) -> None:
    topic = Said.topic
    async for service in fresh_service("gateway", mongodb_url, kafka_url):
        await Cluster(service.settings).ensure_topics([topic])
        true, forged = said(), said(source="/compte/payments")
        async with producer(service.settings) as producing:
            for each in (true, forged):
                await producing.send_and_wait(topic, encode(each), key=each.key.encode())
        found = [envelope async for envelope in history(service.settings, [topic])]
        assert [each.id for each in found if each.key == PERSON] == [true.id]
