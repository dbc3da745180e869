"""How an event travels: a CloudEvents 1.0 envelope, structured JSON in the value, the essentials in headers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter, ValidationError

SPEC_VERSION = "1.0"
HIGHEST_SEQUENCE = 2**53
CONTENT_TYPE = b"application/cloudevents+json; charset=utf-8"


class MalformedEnvelope(ValueError):
    """The message is not a CloudEvent this system can read. Its text never quotes the message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event with what a carrier needs to know.

    `key` is the person's id and the partition key; `sequence` counts the events of this
    person from this source, from 1 without gaps, or is 0 when the source does not count.
    """

    id: str
    type: str
    source: str
    subject: str
    key: str
    time: datetime
    data: dict[str, Any]
    sequence: Annotated[int, Field(ge=0, le=HIGHEST_SEQUENCE)] = 0
    traceparent: str | None = None


_envelopes = TypeAdapter(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The value of the Kafka message."""
    document = {
        "specversion": SPEC_VERSION,
        "id": envelope.id,
        "type": envelope.type,
        "source": envelope.source,
        "subject": envelope.subject,
        "partitionkey": envelope.key,
        "time": envelope.time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": envelope.sequence,
        "data": envelope.data,
    }
    if envelope.traceparent:
        document["traceparent"] = envelope.traceparent
    return orjson.dumps(document)


def headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The headers of the Kafka message: enough to route and trace it without reading the value."""
    pairs = [
        ("content-type", CONTENT_TYPE),
        ("ce_type", envelope.type.encode()),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", envelope.subject.encode()),
    ]
    if envelope.traceparent:
        pairs.append(("traceparent", envelope.traceparent.encode()))
    return pairs


def decode(value: bytes | None) -> Envelope:
    """Read a message value. Raises MalformedEnvelope for anything that is not a CloudEvent 1.0 of ours."""
    try:
        document = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise MalformedEnvelope("the value is not JSON") from None
    if not isinstance(document, dict) or document.get("specversion") != SPEC_VERSION:
        raise MalformedEnvelope("the value is not a CloudEvent 1.0")
    try:
        envelope = _envelopes.validate_python({**document, "key": document.get("partitionkey")}, extra="ignore")
        orjson.dumps(envelope.data)
    except orjson.JSONEncodeError:
        raise MalformedEnvelope("the data is nested too deeply") from None
    except ValidationError as error:
        fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
        raise MalformedEnvelope(f"unreadable attributes: {', '.join(fields)}") from None
    return envelope
