"""Which traces somebody asks for, in the words of Jaeger's query API and in those of the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from deploy.embedded.traces.span import Span
from deploy.embedded.traces.store import Trace

LIMIT = 20
_UNITS = {"us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATION = re.compile(r"([0-9.]+)(us|µs|ms|s|m|h|d)")


@dataclass(frozen=True)
class Query:
    """All that is given must hold; service, operation and tags must hold of one and the same span, as with Jaeger."""

    service: str = ""
    operation: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    mention: str = ""
    since_ns: int = 0
    until_ns: int | None = None
    shortest_ns: int = 0
    longest_ns: int | None = None

    def matches(self, trace: Trace) -> bool:
        """Whether this trace is one of those asked for."""
        return (
            trace.start_ns >= self.since_ns
            and (self.until_ns is None or trace.start_ns <= self.until_ns)
            and trace.duration_ns >= self.shortest_ns
            and (self.longest_ns is None or trace.duration_ns <= self.longest_ns)
            and any(self._holds(span) for span in trace.spans)
        )

    def _holds(self, span: Span) -> bool:
        return (
            self.service in ("", span.service)
            and self.operation in ("", span.name)
            and (not self.mention or span.mentions(self.mention))
            and all(self._tagged(span, key, value) for key, value in self.tags.items())
        )

    @staticmethod
    def _tagged(span: Span, key: str, value: str) -> bool:
        if key == "error":
            return span.failed is (value == "true")
        return (key == "span.kind" and span.kind == value) or span.holds(key, value)


def from_jaeger(parameters: Mapping[str, str], now_ns: int) -> Query:
    """A query as Jaeger's page sends it: instants in microseconds, tags as JSON. Raises `ValueError`."""
    tags = orjson.loads(parameters.get("tags") or "{}")
    lookback = duration_ns(parameters.get("lookback", ""))
    since = now_ns - lookback if lookback else 0
    return Query(
        service=parameters.get("service", ""),
        operation=parameters.get("operation", ""),
        tags={key: str(value) for key, value in tags.items()},
        since_ns=int(parameters["start"]) * 1000 if parameters.get("start") else since,
        until_ns=int(parameters["end"]) * 1000 if parameters.get("end") else None,
        shortest_ns=duration_ns(parameters.get("minDuration", "")) or 0,
        longest_ns=duration_ns(parameters.get("maxDuration", "")),
    )


def from_words(text: str, service: str) -> Query:
    """A query as a person types it: `attribute=value` pairs, or one value that any attribute may have."""
    pairs = dict(word.partition("=")[::2] for word in text.split() if "=" in word)
    rest = " ".join(word for word in text.split() if "=" not in word)
    return Query(service=service, tags=pairs, mention=rest)


def duration_ns(text: str) -> int | None:
    """`1.5ms`, `2h` … in nanoseconds."""
    match = _DURATION.fullmatch(text)
    return int(float(match[1]) * _UNITS[match[2]]) if match else None
