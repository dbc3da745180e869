"""A span that was sent is found again, by whom it concerns and in its place."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.embedded import stack as stacks
from deploy.embedded.stack import Stack
from deploy.embedded.traces.span import spans_of
from deploy.embedded.traces.store import Store

Json = Any
MS = 1_000_000
NOON = 1_795_518_000_000 * MS


@dataclass
class Sent:
    """One span of a test; times in milliseconds after noon."""

    service: str
    name: str
    start: int
    end: int
    parent: "Sent | None" = None
    attributes: dict[str, str] = field(default_factory=dict)
    failed: bool = False
    identifier: bytes = field(default_factory=lambda: uuid4().bytes[:8])


def export(trace_id: str, spans: Iterable[Sent]) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    for sent in spans:
        resource = request.resource_spans.add()
        name = resource.resource.attributes.add(key="service.name")
        name.value.string_value = sent.service
        span = resource.scope_spans.add().spans.add(
            trace_id=bytes.fromhex(trace_id),
            span_id=sent.identifier,
            parent_span_id=sent.parent.identifier if sent.parent else b"",
            name=sent.name,
            kind=2,
            start_time_unix_nano=NOON + sent.start * MS,
            end_time_unix_nano=NOON + sent.end * MS,
        )
        span.status.code = 2 if sent.failed else 0
        for key, value in sent.attributes.items():
            span.attributes.add(key=key).value.string_value = value
        event = span.events.add(name="noted", time_unix_nano=NOON + sent.end * MS)
        event.attributes.add(key="sequence").value.int_value = 17
    return request


def a_story(word: str) -> list[Sent]:
    click = Sent("gateway", "POST /api/v1/requests", 0, 50)
    order = Sent("procedures", "order_card", 5, 20, click, {"compte.request_id": word})
    relay = Sent("procedures", "relay", 10, 15, order)
    mail = Sent("notifications", "send_due", 30, 130, click, {"compte.email_id": f"{word} <b>"}, failed=True)
    return [mail, relay, order, click]


async def post(http: aiohttp.ClientSession, url: str, request: ExportTraceServiceRequest, *, packed: bool) -> None:
    body = request.SerializeToString()
    headers = {"Content-Type": "application/x-protobuf"} | ({"Content-Encoding": "gzip"} if packed else {})
    async with http.post(f"{url}/v1/traces", data=gzip.compress(body) if packed else body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def ask(http: aiohttp.ClientSession, url: str, **query: str) -> list[Json]:
    async with http.get(f"{url}/api/traces", params=query, raise_for_status=True) as answer:
        found: list[Json] = (await answer.json())["data"]
        return found


@pytest.fixture
def word() -> str:
    return uuid4().hex[:12]


@pytest.fixture
async def told(stack: Stack, http: aiohttp.ClientSession, word: str) -> str:
    """The id of a trace that was sent, packed and out of order."""
    trace_id = uuid4().hex
    await post(http, stack.traces, export(trace_id, a_story(word)), packed=True)
    return trace_id


async def test_a_trace_is_found_by_the_value_of_any_attribute(
    stack: Stack, http: aiohttp.ClientSession, told: str, word: str
) -> None:
    tags = json.dumps({"compte.request_id": word})
    for more in ({}, {"service": "procedures"}, {"service": "procedures", "operation": "order_card"}):
        assert [found["traceID"] for found in await ask(http, stack.traces, tags=tags, **more)] == [told]
    for other in ({"compte.request_id": "x"}, {"compte.request_id": word, "compte.email_id": f"{word} <b>"}):
        assert await ask(http, stack.traces, tags=json.dumps(other)) == []
    assert await ask(http, stack.traces, tags=tags, service="gateway") == []
    [failed] = await ask(http, stack.traces, tags=json.dumps({"error": "true", "compte.email_id": f"{word} <b>"}))
    assert failed["traceID"] == told


async def test_a_trace_has_jaegers_shape(stack: Stack, http: aiohttp.ClientSession, told: str, word: str) -> None:
    async with http.get(f"{stack.traces}/api/traces/{told.upper()}") as answer:
        [trace] = (await answer.json())["data"]
    names = {key: process["serviceName"] for key, process in trace["processes"].items()}
    assert [(names[span["processID"]], span["operationName"]) for span in trace["spans"]] == [
        ("gateway", "POST /api/v1/requests"),
        ("procedures", "order_card"),
        ("procedures", "relay"),
        ("notifications", "send_due"),
    ]
    click, order, *_ = trace["spans"]
    assert click["references"] == []
    assert order["references"] == [{"refType": "CHILD_OF", "traceID": told, "spanID": click["spanID"]}]
    assert (order["startTime"], order["duration"]) == ((NOON + 5 * MS) // 1000, 15_000)
    assert {"key": "compte.request_id", "type": "string", "value": word} in order["tags"]
    assert {"key": "span.kind", "type": "string", "value": "server"} in order["tags"]
    assert order["logs"] == [
        {
            "timestamp": (NOON + 20 * MS) // 1000,
            "fields": [
                {"key": "event", "type": "string", "value": "noted"},
                {"key": "sequence", "type": "int64", "value": 17},
            ],
        }
    ]


async def test_services_and_their_operations_are_listed(stack: Stack, http: aiohttp.ClientSession, told: str) -> None:
    async with http.get(f"{stack.traces}/api/services") as answer:
        assert {"gateway", "procedures", "notifications"} <= {*(await answer.json())["data"]}
    async with http.get(f"{stack.traces}/api/services/procedures/operations") as answer:
        assert (await answer.json())["data"] == ["order_card", "relay"]


async def test_a_trace_that_is_not_there_is_404(stack: Stack, http: aiohttp.ClientSession) -> None:
    for path in (f"/api/traces/{uuid4().hex}", f"/trace/{uuid4().hex}"):
        async with http.get(f"{stack.traces}{path}") as answer:
            assert answer.status == 404


async def test_what_is_no_export_is_refused(stack: Stack, http: aiohttp.ClientSession) -> None:
    for kind, body, status in (("application/json", b"{}", 415), ("application/x-protobuf", b"\xff\xff", 400)):
        async with http.post(f"{stack.traces}/v1/traces", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == status


async def test_the_waterfall_lists_spans_below_their_cause_in_order(
    stack: Stack, http: aiohttp.ClientSession, told: str, word: str
) -> None:
    async with http.get(f"{stack.traces}/trace/{told}") as answer:
        page = await answer.text()
    rows = page.split("<summary>")[1:]
    shown = [(row.partition("--depth: ")[2][0], row.partition("<small>")[2].partition("<")[0]) for row in rows]
    assert shown == [("0", "gateway"), ("1", "procedures"), ("2", "procedures"), ("1", "notifications")]
    assert "--left: 23.077; --width: 76.923" in rows[3]
    assert "erreur" in rows[3]
    assert "erreur" not in rows[2]
    assert f"{word} &lt;b&gt;" in rows[3]
    assert "<script" not in page


async def test_the_page_leads_to_a_trace_by_id_and_by_value(
    stack: Stack, http: aiohttp.ClientSession, told: str, word: str
) -> None:
    async with http.get(stack.traces, params={"q": told}) as answer:
        assert answer.url.path == f"/trace/{told}"
    for words in (word, f"compte.request_id={word}"):
        async with http.get(stack.traces, params={"q": words}) as answer:
            page = await answer.text()
        assert page.count("/trace/") == 1
        assert f"/trace/{told}" in page


async def test_traces_outlive_a_kill_and_can_be_searched_in_their_file(
    data: Path, stack: Stack, http: aiohttp.ClientSession, told: str, word: str
) -> None:
    was = stacks.kill(data, "traces")
    await stacks.restarted(data, "traces", was)
    assert [found["traceID"] for found in await ask(http, stack.traces, tags=json.dumps({"compte.request_id": word}))]
    assert word in (data / "traces.ndjson").read_text()


def test_memory_and_files_are_bounded_and_keep_the_newest(tmp_path: Path) -> None:
    store = Store(tmp_path, newest_kept=10, file_limit=2_000)
    for number in range(30):
        store.add(spans_of(export(f"{number:032x}", [Sent("s", f"n{number}", number, number + 1)])))
    assert [trace.root.name for trace in store.traces()] == [f"n{number}" for number in range(29, 19, -1)]
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["traces.1.ndjson", "traces.ndjson"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5_500
    assert store.trace(f"{5:032x}") is None


def test_a_file_whose_last_line_was_cut_is_read_up_to_there(tmp_path: Path) -> None:
    Store(tmp_path).add(spans_of(export("1" * 32, [Sent("s", "n", 0, 1)])))
    with (tmp_path / "traces.ndjson").open("ab") as file:
        file.write(b'{"trace_id": "22')
    assert [trace.trace_id for trace in Store(tmp_path).traces()] == ["1" * 32]
