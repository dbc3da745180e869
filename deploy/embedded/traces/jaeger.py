"""A trace in the JSON of Jaeger's query API."""

from typing import Any

from deploy.embedded.traces.span import Span, Value
from deploy.embedded.traces.store import Trace

Json = dict[str, Any]


def as_jaeger(trace: Trace) -> Json:
    """Spans with their references, and each service once as a process."""
    processes = {service: f"p{number}" for number, service in enumerate(trace.services, 1)}
    about = {span.service: span.resource for span in trace.spans}
    return {
        "traceID": trace.trace_id,
        "spans": [_span(span, processes[span.service]) for span in trace.spans],
        "processes": {
            process: {
                "serviceName": service,
                "tags": _tags({k: v for k, v in about[service].items() if k != "service.name"}),
            }
            for service, process in processes.items()
        },
        "warnings": None,
    }


def _span(span: Span, process: str) -> Json:
    parent = [("CHILD_OF", span.trace_id, span.parent_id)] if span.parent_id else []
    references = [*parent, *(("FOLLOWS_FROM", trace, linked) for trace, linked in span.links)]
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": [{"refType": kind, "traceID": trace, "spanID": other} for kind, trace, other in references],
        "startTime": span.start_ns // 1000,
        "duration": (span.end_ns - span.start_ns) // 1000,
        "tags": _tags(span.attributes | _told_by_the_span(span)),
        "logs": [
            {"timestamp": event.at_ns // 1000, "fields": _tags({"event": event.name, **event.attributes})}
            for event in span.events
        ],
        "processID": process,
        "warnings": None,
    }


def _told_by_the_span(span: Span) -> dict[str, Value]:
    told: dict[str, Value] = {"span.kind": span.kind, "otel.scope.name": span.scope}
    if span.status != "UNSET":
        told["otel.status_code"] = span.status
    if span.message:
        told["otel.status_description"] = span.message
    if span.failed:
        told["error"] = True
    return told


def _tags(values: dict[str, Value]) -> list[Json]:
    return [{"key": key, "type": _type(value), "value": value} for key, value in values.items()]


def _type(value: Value) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
        case _:
            return "string"
