"""A span as it is kept, and how one is read from OTLP."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

Value = str | int | float | bool
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("UNSET", "OK", "ERROR")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened inside a span."""

    name: str
    at_ns: int
    attributes: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Span:
    """One step of one trace; ids in lower-case hexadecimal, instants in nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    links: list[tuple[str, str]]
    name: str
    kind: str
    service: str
    start_ns: int
    end_ns: int
    status: str
    message: str
    attributes: dict[str, Value]
    resource: dict[str, Value]
    scope: str
    events: list[Event]

    @property
    def failed(self) -> bool:
        """Whether the service marked it as an error."""
        return self.status == "ERROR"

    def holds(self, key: str, value: str) -> bool:
        """Whether an attribute of this name has this value, here, on an event or on the resource."""
        places = [self.attributes, self.resource, *(event.attributes for event in self.events)]
        return any(key in place and as_text(place[key]) == value for place in places)

    def mentions(self, value: str) -> bool:
        """Whether any attribute at all has this value."""
        places = [self.attributes, self.resource, *(event.attributes for event in self.events)]
        return any(as_text(found) == value for place in places for found in place.values())

    def kept(self) -> dict[str, Any]:
        """Plain data for a file."""
        return asdict(self)

    @classmethod
    def again(cls, kept: dict[str, Any]) -> Self:
        """The span that `kept` described."""
        events = [Event(**event) for event in kept.pop("events")]
        links = [(trace, span) for trace, span in kept.pop("links")]
        return cls(**kept, events=events, links=links)


def as_text(value: Value) -> str:
    """An attribute's value as a person or a query writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span of an OTLP export."""
    for resource in request.resource_spans:
        about = _attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(span, about, scope.scope.name)


def _span(span: trace_pb2.Span, about: dict[str, Value], scope: str) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        name=span.name,
        kind=KINDS[span.kind],
        service=as_text(about.get("service.name", "inconnu")),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        status=STATUSES[span.status.code],
        message=span.status.message,
        attributes=_attributes(span.attributes),
        resource=about,
        scope=scope,
        events=[Event(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return ", ".join(as_text(_value(item)) for item in value.array_value.values)
    held = getattr(value, kind) if kind else ""
    return held if isinstance(held, str | bool | int | float) else str(held)
