"""The home page: one look into our own database, prepared bytes out."""

import asyncio

from fastapi import APIRouter, Request, Response

from services.gateway.api.access import edge_of, logged_in
from services.gateway.api.describing import described
from services.gateway.domain.capabilities import PREFIX, capability
from services.gateway.domain.freshness import READABLE, behind, read_after
from services.gateway.domain.page import HomePage
from services.gateway.handlers import home as handlers

HOME = capability("GET", "/home")
PAUSES = (0.02, 0.03, 0.05, *(0.1,) * 19)  # together 2 s
READ_AFTER = {
    "name": "X-Read-After",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": READABLE},
    "description": "As a write was answered: wait up to 2 s until the page has seen it, or say `stale`.",
}

router = APIRouter(prefix=PREFIX, tags=["home"])


@router.get(
    "/home",
    summary="The home page",
    operation_id="read_home",
    responses={200: {"model": HomePage}},
    openapi_extra=described(HOME, parameter=READ_AFTER),
)
async def read_home(request: Request) -> Response:
    """Everything the person needs first. Each block says how fresh it is; no other service is asked."""
    session = await logged_in(request, HOME)
    pages = edge_of(request).pages
    query = handlers.ReadPage(session.person_id, session.channel)
    header = request.headers.get("x-read-after")
    page = await (handlers.read_page(query, pages) if header is None else _page_after(pages, query, header))
    return Response(page, media_type="application/json")


async def _page_after(pages: handlers.PreparedPages, query: handlers.ReadPage, header: str) -> bytes:
    wanted = read_after(header)
    page, seen = await handlers.read_page_and_seen(query, pages)
    for pause in PAUSES:
        if not behind(wanted, seen):
            return page
        await asyncio.sleep(pause)
        page, seen = await handlers.read_page_and_seen(query, pages)
    late = behind(wanted, seen)
    return handlers.stale(page, late) if late else page
