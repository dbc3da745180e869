"""Mailpit's API v1 over the store, and beside it what only tests use: `/faults` and `/deliveries`."""

import json
import resource
from typing import Any

from aiohttp import web

from deploy.embedded.mailbox import message
from deploy.embedded.mailbox.search import matcher
from deploy.embedded.mailbox.smtp import MODES, SECONDS, Faults, Ledger
from deploy.embedded.mailbox.store import Store

Json = dict[str, Any]
PAGE = 50
store_key = web.AppKey("store", Store)
faults_key = web.AppKey("faults", Faults)
ledger_key = web.AppKey("ledger", Ledger)
routes = web.RouteTableDef()


@routes.get("/livez")
@routes.get("/readyz")
async def alive(_: web.Request) -> web.Response:
    """Answers as long as mail is taken."""
    return web.Response()


@routes.get("/api/v1/info")
async def info(request: web.Request) -> web.Response:
    """How much is kept."""
    store = request.app[store_key]
    runtime = {"Memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    counts = {"Messages": len(store), "Unread": store.unread}
    return web.json_response({"Version": "compte", "LatestVersion": "", **counts, "Tags": {}, "RuntimeStats": runtime})


@routes.get("/api/v1/messages")
async def messages(request: web.Request) -> web.Response:
    """All messages, newest first."""
    return _listed(request, request.app[store_key].lines())


@routes.get("/api/v1/search")
async def search(request: web.Request) -> web.Response:
    """The messages that match `query`, newest first."""
    return _listed(request, request.app[store_key].lines(matcher(_query(request))))


@routes.delete("/api/v1/search")
async def remove_found(request: web.Request) -> web.Response:
    """Forget the messages that match `query`."""
    store = request.app[store_key]
    store.remove([line["ID"] for line in store.lines(matcher(_query(request)))])
    return web.Response(text="ok")


@routes.delete("/api/v1/messages")
async def remove(request: web.Request) -> web.Response:
    """Forget the messages of `IDs`, or all."""
    chosen = (await _body(request)).get("IDs")
    request.app[store_key].remove(chosen or None)
    return web.Response(text="ok")


@routes.put("/api/v1/messages")
async def mark(request: web.Request) -> web.Response:
    """Note `IDs`, or all, as read or not."""
    body = await _body(request)
    store = request.app[store_key]
    store.mark(body.get("IDs") or [line["ID"] for line in store.lines()], read=bool(body.get("Read")))
    return web.Response(text="ok")


@routes.get("/api/v1/message/{ID}")
async def one(request: web.Request) -> web.Response:
    """One message with its bodies; reading it marks it as read."""
    line = line_of(request)
    store = request.app[store_key]
    store.mark([line["ID"]])
    return web.json_response(message.detail(line, store.raw(line["ID"])))


@routes.get("/api/v1/message/{ID}/headers")
async def headers(request: web.Request) -> web.Response:
    """Every header as sent."""
    return web.json_response(message.headers(raw_of(request)))


@routes.get("/api/v1/message/{ID}/raw")
async def raw(request: web.Request) -> web.Response:
    """The message as received."""
    return web.Response(body=raw_of(request), content_type="text/plain", charset="utf-8")


@routes.get("/api/v1/message/{ID}/part/{PartID}")
async def attachment(request: web.Request) -> web.Response:
    """One attachment, never shown by the browser as a page of ours."""
    found = message.part(raw_of(request), request.match_info["PartID"])
    if found is None:
        raise web.HTTPNotFound(text="404 page not found")
    kind, _, content = found
    safe = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, headers={**safe, "Content-Type": kind})


@routes.get("/faults")
async def treatment(request: web.Request) -> web.Response:
    """How the next mails are treated."""
    return web.json_response(request.app[faults_key].describe())


@routes.put("/faults")
async def misbehave(request: web.Request) -> web.Response:
    """Treat the next mails so; `{"mode": null}` ends it."""
    wanted = await _body(request)
    if wanted.get("mode") not in (None, *MODES):
        raise web.HTTPBadRequest(text=f"mode: {', '.join(MODES)} or null")
    faults = request.app[faults_key]
    faults.begin(wanted.get("mode"), float(wanted.get("seconds", SECONDS)), float(wanted.get("share", 1.0)))
    return web.json_response(faults.describe())


@routes.get("/deliveries")
async def deliveries(request: web.Request) -> web.StreamResponse:
    """Every mail offered since the folder exists, with the reply it got, one JSON object a line."""
    return web.FileResponse(request.app[ledger_key].path, headers={"Content-Type": "application/x-ndjson"})


def line_of(request: web.Request) -> Json:
    """The message this address names. Raises 404."""
    line = request.app[store_key].find(request.match_info["ID"])
    if line is None:
        raise web.HTTPNotFound(text="404 page not found")
    return line


def raw_of(request: web.Request) -> bytes:
    """The content of the message this address names. Raises 404."""
    return request.app[store_key].raw(line_of(request)["ID"])


def _listed(request: web.Request, lines: list[Json]) -> web.Response:
    store = request.app[store_key]
    start = _number(request, "start", 0)
    counts = {
        "total": len(store),
        "unread": store.unread,
        "count": len(lines),
        "messages_count": len(lines),
        "messages_unread": sum(not line["Read"] for line in lines),
    }
    shown = lines[start : start + _number(request, "limit", PAGE)]
    return web.json_response({**counts, "start": start, "tags": [], "messages": shown})


def _query(request: web.Request) -> str:
    query = request.query.get("query", "").strip()
    if not query:
        raise web.HTTPBadRequest(text="Error: no search query")
    return query


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdigit() else default


async def _body(request: web.Request) -> Json:
    text = await request.text()
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        raise web.HTTPBadRequest(text="Error: not JSON") from None
    return body if isinstance(body, dict) else {}
