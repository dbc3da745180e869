"""Which records are believed (A22): the publisher's own, on its own topic, about its own person, in opaque ids."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.origin import believed, is_opaque
from contracts import caisse, identity
from contracts.envelope import Envelope, MalformedEnvelope, encode
from deploy.publish.events import events

PERSON = "3d37f52a-7789-5513-a1f7-32c97a53614a"
NIR = "285032999090195"
EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples"
ENVELOPE = Envelope(
    id="19b16104-02d7-534e-a6aa-2d9036ea2618",
    type=identity.CodeReset.type,
    source="/compte/identity",
    subject=PERSON,
    key=PERSON,
    time=datetime(2026, 11, 24, 8, tzinfo=UTC),
    data={"person_id": PERSON},
    sequence=7,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def read(envelope: Envelope, *, topic: str = "identity.events", key: str | None = None) -> Envelope:
    return believed(topic, envelope.key if key is None else key, encode(envelope))


def test_what_its_publisher_says_on_its_own_topic_is_believed() -> None:
    assert read(ENVELOPE) == ENVELOPE


@pytest.mark.parametrize("source", ["/caisse", "/caisse/291", "/caisse/2A1", "/caisse/29"])
def test_a_caisse_speaks_on_the_topic_of_settlements(source: str) -> None:
    settled = replace(ENVELOPE, type=caisse.CareSettled.type, source=source, sequence=0)
    assert read(settled, topic="payments.inbound") == settled
    with pytest.raises(MalformedEnvelope):
        read(settled, topic="payments.events")


def test_a_version_nobody_knows_yet_is_believed_from_its_publisher_alone() -> None:
    newer = replace(ENVELOPE, type="identity.CodeReset.v9")
    assert read(newer) == newer
    for forged in (replace(newer, source="/compte/payments"), replace(newer, type="payments.CodeReset.v9")):
        with pytest.raises(MalformedEnvelope):
            read(forged)


FORGED: dict[str, dict[str, Any]] = {
    "another service": {"source": "/compte/payments"},
    "another service's type": {"type": "payments.ReimbursementPaid.v1"},
    "both of another service": {"type": "payments.ReimbursementPaid.v1", "source": "/compte/payments"},
    "a caisse": {"source": "/caisse/291"},
    "nearly the service": {"source": "/compte/identity/x"},
    "a type nobody publishes": {"type": "stranger.Came.v1", "source": "/compte/stranger"},
    "a type that says something": {"type": f"identity.{NIR}.v1"},
    "an id that is a number": {"id": NIR},
    "an id in capitals": {"id": str(uuid4()).upper()},
    "a subject that is a number": {"subject": NIR},
    "a subject with spaces in the number": {"subject": "2 85 03 29 990 901 95"},
    "a subject with dashes in the number": {"subject": "2-85-03-29-990-901-95"},
    "a Corsican number": {"subject": "285032A99909001"},
    "a long subject": {"subject": "x" * 65},
    "no subject": {"subject": ""},
    "a key that is a number": {"key": NIR, "data": {"person_id": NIR}},
    "another person's data": {"data": {"person_id": str(uuid4())}},
    "data of nobody": {"data": {}},
    "a time without a zone": {"time": datetime(2026, 11, 24, 8)},  # noqa: DTZ001 - the point of the row
    "a trace that says something": {"traceparent": f"00-{NIR}-b7ad6b7169203331-01"},
    "a trace of zeros": {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
    "a sequence below 0": {"sequence": -1},
    "a sequence no database holds": {"sequence": 2**63},
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED.keys())
def test_anything_else_is_refused_and_not_quoted(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedEnvelope) as refused:
        read(replace(ENVELOPE, **change))
    for said in change.values():
        if isinstance(said, str) and said:
            assert said not in str(refused.value)


def test_the_record_stands_under_the_key_of_its_person() -> None:
    for key in (str(uuid4()), "", NIR):
        with pytest.raises(MalformedEnvelope):
            read(ENVELOPE, key=key)


def test_data_nested_so_deeply_that_it_cannot_be_kept_is_refused() -> None:
    value = encode(ENVELOPE).replace(b'"data":{', b'"data":{"x":' + b"[" * 600 + b"]" * 600 + b",", 1)
    assert orjson.loads(value)
    with pytest.raises(MalformedEnvelope, match="nested too deeply"):
        believed("identity.events", PERSON, value)


def test_a_record_larger_than_64_kb_is_refused() -> None:
    with pytest.raises(MalformedEnvelope, match="64 kB"):
        believed("identity.events", PERSON, b" " * (64 * 1024 + 1))


@given(st.uuids())
def test_every_uuid_is_an_opaque_subject(name: UUID) -> None:
    assert is_opaque(str(name))
    assert is_opaque("11111111-1111-4111-8111-111111111111")


@pytest.mark.parametrize("subject", ["CV-2026-004711", "word", "1Z999AA10123456784", "123456789"])
def test_a_tracking_number_is_an_opaque_subject(subject: str) -> None:
    assert is_opaque(subject)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_example_is_believed(path: Path) -> None:
    document = json.loads(path.read_text())
    believed(events()[document["type"]].topic, document["partitionkey"], path.read_bytes())
