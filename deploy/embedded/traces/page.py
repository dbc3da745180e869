"""Traces as a person reads them: a list to search in, and one trace as bars under each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from deploy.embedded.pages import render
from deploy.embedded.traces.api import store_key
from deploy.embedded.traces.query import from_words
from deploy.embedded.traces.span import Span
from deploy.embedded.traces.store import Trace

SHOWN = 50
COLOURS = 8
NARROWEST = 0.3
routes = web.RouteTableDef()


@dataclass(frozen=True)
class Bar:
    """One span on the page: how deep it stands, and where its bar lies in percent of the trace."""

    span: Span
    depth: int
    left: float
    width: float
    colour: int


@routes.get("/")
async def traces(request: web.Request) -> web.Response:
    """The latest traces, or those searched for; an id leads straight to its trace."""
    store = request.app[store_key]
    words, service = request.query.get("q", "").strip(), request.query.get("service", "")
    if words and store.trace(words):
        raise web.HTTPSeeOther(f"/trace/{words.lower()}")
    query = from_words(words, service)
    found = [trace for trace in store.traces() if query.matches(trace)]
    names = sorted(store.operations())
    return render("traces.html", traces=found[:SHOWN], found=len(found), words=words, service=service, services=names)


@routes.get("/trace/{id}")
async def trace(request: web.Request) -> web.Response:
    """One trace from its first span to its last."""
    found = request.app[store_key].trace(request.match_info["id"])
    if found is None:
        return render("trace.html", status=404, trace=None, bars=[])
    return render("trace.html", trace=found, bars=list(bars(found)))


def bars(trace: Trace) -> Iterator[Bar]:
    """Every span below the one that caused it, siblings in order of their start."""
    here = {span.span_id for span in trace.spans}
    below: dict[str, list[Span]] = {}
    for span in trace.spans:
        below.setdefault(span.parent_id if span.parent_id in here else "", []).append(span)
    colours = {service: number % COLOURS for number, service in enumerate(trace.services)}
    whole = max(trace.duration_ns, 1)
    waiting = [(span, 0) for span in reversed(below.get("", []))]
    while waiting:
        span, depth = waiting.pop()
        left = 100 * (span.start_ns - trace.start_ns) / whole
        width = max(NARROWEST, 100 * (span.end_ns - span.start_ns) / whole)
        yield Bar(span, depth, min(left, 100 - NARROWEST), min(width, 100 - left), colours[span.service])
        waiting += [(child, depth + 1) for child in reversed(below.get(span.span_id, []))]
