"""Takes spans by OTLP/HTTP and answers as Jaeger's query API does."""

import gzip
import time
from typing import Any

import orjson
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from deploy.embedded.traces.jaeger import as_jaeger
from deploy.embedded.traces.query import LIMIT, from_jaeger
from deploy.embedded.traces.span import spans_of
from deploy.embedded.traces.store import Store

PROTOBUF = "application/x-protobuf"
LARGEST = 16_000_000
store_key = web.AppKey("store", Store)
routes = web.RouteTableDef()


@routes.get("/livez")
async def alive(_: web.Request) -> web.Response:
    """Answers as long as spans are taken."""
    return web.Response()


@routes.post("/v1/traces")
async def receive(request: web.Request) -> web.Response:
    """Keep the spans of one export."""
    if request.content_type != PROTOBUF:
        raise web.HTTPUnsupportedMediaType(text=f"{PROTOBUF} only")
    export = ExportTraceServiceRequest()
    try:
        body = await request.read()
        # aiohttp has already unpacked what the header declares; some exporters pack without saying so.
        export.ParseFromString(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
    except Exception:  # protobuf and gzip have their own; whatever cannot be read is refused
        raise web.HTTPBadRequest(text="not an OTLP export") from None
    request.app[store_key].add(spans_of(export))
    return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type=PROTOBUF)


@routes.get("/api/services")
async def services(request: web.Request) -> web.Response:
    """Who sent spans."""
    return _data(sorted(request.app[store_key].operations()))


@routes.get("/api/services/{service}/operations")
async def operations(request: web.Request) -> web.Response:
    """The names of that service's spans."""
    return _data(request.app[store_key].operations().get(request.match_info["service"], []))


@routes.get("/api/traces")
async def traces(request: web.Request) -> web.Response:
    """The traces that match, the latest first."""
    try:
        query = from_jaeger(request.query, time.time_ns())
        limit = int(request.query.get("limit") or LIMIT)
    except (ValueError, AttributeError):
        return _refused(400, "malformed query")
    found = [trace for trace in request.app[store_key].traces() if query.matches(trace)]
    return _data([as_jaeger(trace) for trace in found[:limit]])


@routes.get("/api/traces/{id}")
async def trace(request: web.Request) -> web.Response:
    """One trace."""
    found = request.app[store_key].trace(request.match_info["id"])
    return _data([as_jaeger(found)]) if found else _refused(404, "trace not found")


def _data(items: list[Any]) -> web.Response:
    return _json({"data": items, "total": len(items), "limit": 0, "offset": 0, "errors": None})


def _refused(status: int, message: str) -> web.Response:
    errors = [{"code": status, "msg": message}]
    return _json({"data": None, "total": 0, "limit": 0, "offset": 0, "errors": errors}, status)


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
