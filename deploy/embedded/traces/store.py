"""Keeps the newest spans in memory and in a file, both bounded."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from deploy.embedded.traces.span import Span

NEWEST_KEPT = 20_000
FILE_LIMIT = 32_000_000


@dataclass(frozen=True)
class Trace:
    """The spans of one trace that are known, in order of their start."""

    trace_id: str
    spans: list[Span]

    @property
    def start_ns(self) -> int:
        """When its first span began."""
        return self.spans[0].start_ns

    @property
    def duration_ns(self) -> int:
        """From the first start to the last end."""
        return max(span.end_ns for span in self.spans) - self.start_ns

    @property
    def root(self) -> Span:
        """The span that began it: one whose parent is not here, the earliest of these."""
        here = {span.span_id for span in self.spans}
        return next((span for span in self.spans if span.parent_id not in here), self.spans[0])

    @property
    def services(self) -> list[str]:
        """Who took part, in order of appearance."""
        return list(dict.fromkeys(span.service for span in self.spans))

    @property
    def errors(self) -> int:
        """How many of its spans failed."""
        return sum(span.failed for span in self.spans)


class Store:
    """All that is known of recent traces. `traces.ndjson` and the file before it hold every span once, one a line."""

    def __init__(self, folder: Path, newest_kept: int = NEWEST_KEPT, file_limit: int = FILE_LIMIT) -> None:
        self._file = folder / "traces.ndjson"
        self._older = folder / "traces.1.ndjson"
        self._file_limit = file_limit
        self._newest_kept = newest_kept
        self._spans: deque[Span] = deque()
        self._traces: dict[str, list[Span]] = defaultdict(list)
        for path in (self._older, self._file):
            self._remember(_read(path))

    def add(self, spans: Iterable[Span]) -> None:
        """Keep these, and forget the oldest beyond the bound."""
        new = list(spans)
        if self._file.exists() and self._file.stat().st_size > self._file_limit:
            self._file.replace(self._older)
        with self._file.open("ab") as file:
            file.writelines(orjson.dumps(span.kept(), option=orjson.OPT_APPEND_NEWLINE) for span in new)
        self._remember(new)

    def trace(self, trace_id: str) -> Trace | None:
        """The trace of this id."""
        spans = self._traces.get(trace_id.lower().zfill(32))
        return _trace(spans) if spans else None

    def traces(self) -> list[Trace]:
        """All of them, the latest to begin first."""
        return sorted(map(_trace, self._traces.values()), key=lambda trace: trace.start_ns, reverse=True)

    def operations(self) -> dict[str, list[str]]:
        """The names of spans, by service."""
        found: dict[str, set[str]] = defaultdict(set)
        for span in self._spans:
            found[span.service].add(span.name)
        return {service: sorted(found[service]) for service in sorted(found)}

    def _remember(self, spans: Iterable[Span]) -> None:
        for span in spans:
            self._spans.append(span)
            self._traces[span.trace_id].append(span)
        while len(self._spans) > self._newest_kept:
            oldest = self._spans.popleft()
            known = self._traces[oldest.trace_id]
            known.remove(oldest)
            if not known:
                del self._traces[oldest.trace_id]


def _trace(spans: list[Span]) -> Trace:
    return Trace(spans[0].trace_id, sorted(spans, key=lambda span: (span.start_ns, -span.end_ns)))


def _read(path: Path) -> Iterable[Span]:
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                # A kill may cut the last line.
                if line.endswith(b"\n"):
                    yield Span.again(orjson.loads(line))
