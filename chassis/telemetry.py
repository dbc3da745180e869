"""One trace from the click to the SMTP reply, and JSON logs that carry its id.

Every span and attribute name that may leave a process is declared here; a name that is not declared
is a bug and raises. Exception texts never leave: only the exception's type does.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# Span names are the first word below followed by a route, topic or operation of low cardinality.
SPANS: Mapping[str, SpanKind] = {
    "receive": SpanKind.SERVER,  # an HTTP request arrives
    "call": SpanKind.CLIENT,  # the gateway calls a service
    "commit": SpanKind.INTERNAL,  # a command's transaction
    "publish": SpanKind.PRODUCER,  # the relay hands an event to the broker
    "consume": SpanKind.CONSUMER,  # an event takes effect in a service
    "send": SpanKind.CLIENT,  # an e-mail goes to the mail server
}
ATTRIBUTES = frozenset(
    {
        "compte.email_id",
        "compte.event_id",
        "compte.event_type",
        "compte.outcome",
        "compte.person_id",
        "compte.request_id",
        "compte.sequence",
        "compte.handler",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "messaging.destination.name",
        "messaging.destination.partition.id",
        "messaging.kafka.offset",
        "messaging.operation.name",
        "messaging.system",
        "network.peer.name",
    }
)
LOG_FIELDS = frozenset(
    {"event", "level", "timestamp", "logger", "trace_id", "service"}
    | {name.partition(".")[2].replace(".", "_") for name in ATTRIBUTES}
    | {"reason", "attempts", "count", "seconds", "cluster", "key", "topic", "task", "stack", "cause"}
)

_propagator = TraceContextTextMapPropagator()
_tracer: trace.Tracer = NoOpTracer()
log: structlog.stdlib.BoundLogger = structlog.get_logger("compte")


class UndeclaredName(LookupError):
    """A span or attribute that is not in the tables above; declare it or do not send it."""


class _Sampler(Sampler):
    """New traces are recorded by share, reads by a share of their own: each costs a tenth of a fast answer."""

    def __init__(self, share: float, share_of_reads: float) -> None:
        self._commands, self._reads = TraceIdRatioBased(share), TraceIdRatioBased(share_of_reads)

    def should_sample(
        self, parent_context: Context | None, trace_id: int, name: str, *args: Any, **kwargs: Any
    ) -> SamplingResult:
        """Decide by the first span's name."""
        chosen = self._reads if name.startswith("receive GET") else self._commands
        return chosen.should_sample(parent_context, trace_id, name, *args, **kwargs)

    def get_description(self) -> str:
        """What the exporter says of it."""
        return "compte"


def configure(service: str, otlp_url: str | None, share: float, share_of_reads: float) -> TracerProvider | None:
    """Send this process's spans to `otlp_url` (OTLP over HTTP); without one, record nothing."""
    global _tracer  # noqa: PLW0603 - one per process
    configure_logs(service)
    if otlp_url is None:
        return None
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), sampler=ParentBased(_Sampler(share, share_of_reads))
    )
    exporter = OTLPSpanExporter(endpoint=f"{otlp_url}/v1/traces", timeout=2)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=8192, schedule_delay_millis=500))
    _tracer = provider.get_tracer("compte")
    return provider


@contextmanager
def span(
    kind: str, name: str, *, parent: str | None = None, attributes: Mapping[str, Any] | None = None
) -> Iterator[Span]:
    """Record one step of a trace, as a child of `parent` (a traceparent) or of the current span."""
    given = attributes or {}
    _check(kind, given)
    with _tracer.start_as_current_span(
        f"{kind} {name}",
        context=_propagator.extract({"traceparent": parent}) if parent else None,
        kind=SPANS[kind],
        attributes=dict(given),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def root_context() -> Context:
    """A context without a span: what starts under it begins a trace of its own."""
    return Context()


def annotate(**attributes: Any) -> None:
    """Add declared attributes to the current span; `_` in a name stands for the first dot."""
    named = {name.replace("_", ".", 1): value for name, value in attributes.items()}
    _check("receive", named)
    trace.get_current_span().set_attributes(named)


def traceparent() -> str | None:
    """The current span as a W3C traceparent, to be stored or sent on."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str:
    """The current trace's id in hex, or an empty string outside any trace."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def _check(kind: str, attributes: Mapping[str, Any]) -> None:
    if kind not in SPANS:
        raise UndeclaredName(kind)
    if not ATTRIBUTES.issuperset(attributes):
        raise UndeclaredName(", ".join(sorted(attributes.keys() - ATTRIBUTES)))


_NUMBERS = re.compile(r"[0-9][0-9A-Za-z \-]{7,}")


def redact(text: str) -> str:
    """The text without anything that could be a personal number (eight or more characters from a digit on)."""
    return _NUMBERS.sub("[…]", text)


def _shape(_: Any, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    record = entry.pop("_record", None)
    if entry.pop("_from_structlog", False) is False and record is not None:
        entry = {
            "event": redact(record.getMessage())[:500],
            "logger": record.name,
            "level": record.levelname.lower(),
            "cause": record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None,
            "timestamp": entry.get("timestamp"),
            "service": entry.get("service"),
        }
    if current := trace_id():
        entry["trace_id"] = current
    return {name: value for name, value in entry.items() if name in LOG_FIELDS and value is not None}


def configure_logs(service: str) -> None:
    """Write one JSON object a line to stdout; fields that are not declared are dropped."""

    def name_service(_: Any, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**entry, "service": service}

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[_shape, structlog.processors.JSONRenderer()]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("compte").setLevel(logging.INFO)
    logging.getLogger("compte.faststream").setLevel(logging.WARNING)
