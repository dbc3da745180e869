"""Whom to call: whoever is kept waiting at a way in is told of a caisse, their own if the request says which (F23)."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote

import orjson
from fastapi import Request, Response

from services.gateway.api.bodies import sent_by
from services.gateway.api.portal_info import DIRECTORY
from services.gateway.domain.capabilities import Capability
from services.gateway.domain.limits import TooManyRequests

COOKIE, MEMBER = "caisse", "contact"
ACCEPTED = 202
WAITING = {ACCEPTED, TooManyRequests.status}
Route = Callable[[Request], Awaitable[Response]]


def contacting(wanted: Capability) -> Callable[[Route], Route]:
    """The route with a contact card in its answers that keep somebody waiting, if the table says so.

    The card follows from the request alone and never from what was found, so it tells nothing of any account; unless
    the service names a caisse in its answer, which it does to the owner alone, on a device they are known on.
    """

    def around(answering: Route) -> Route:
        @wraps(answering)
        async def contacted(request: Request) -> Response:
            try:
                response = await answering(request)
            except TooManyRequests as refusal:
                refusal.extensions[MEMBER] = await _card(request)
                raise
            return await _with(response, request) if response.status_code in WAITING else response

        return contacted if wanted.contact else answering

    return around


async def _card(request: Request, named: str = "") -> dict[str, Any]:
    """The caisse that was named or said, else the one this browser keeps, else that of the postal code, else all's."""
    said, kept = request.query_params.get(COOKIE), unquote(request.cookies.get(COOKIE, ""))
    typed = sent_by(await request.body()).get("postal_code")
    return DIRECTORY.nearest(named, said, kept, postal_code=typed if isinstance(typed, str) else None).model_dump()


async def _with(response: Response, request: Request) -> Response:
    """The same answer with the card; one that is no object stays as it is."""
    if told := sent_by(bytes(response.body)):
        card = await _card(request, str(told.get(COOKIE) or ""))
        response.body = orjson.dumps({**told, MEMBER: card})
        response.headers["content-length"] = str(len(response.body))
    return response
