"""Everything that another service answers: checked here, passed on, passed back unchanged."""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote_from_bytes

from fastapi import APIRouter, Request, Response

from contracts.problems import NotFound
from services.gateway.api.access import admitted, browsers_device, edge_of
from services.gateway.api.bodies import with_device
from services.gateway.api.contacting import contacting
from services.gateway.domain.calls import Answer, Call
from services.gateway.domain.capabilities import PREFIX, Capability, forwarded
from services.gateway.domain.sessions import Session

PASSED_ON = ("accept", "accept-language", "idempotency-key")
LONGEST_HEADER = 200
QUERY_CHARACTERS = "!$&'()*+,;=:@/?%-._~[]"
_id = re.compile(r"[A-Za-z0-9_-]{1,64}")


def call_of(request: Request, wanted: Capability, session: Session | None, body: bytes) -> Call:
    """What the service is asked: of the caller's headers, only form, language, idempotency key and what it reads."""
    names = (*PASSED_ON, wanted.header) if wanted.header else PASSED_ON
    headers = {name: value for name in names if (value := _plain(request.headers.get(name)))}
    if body:
        headers["content-type"] = "application/json"
    return Call(
        wanted.service,
        wanted.method,
        _filled(wanted.upstream_path, request.path_params),
        session,
        quote_from_bytes(request.scope["query_string"], safe=QUERY_CHARACTERS),
        body,
        headers,
    )


def answered(answer: Answer) -> Response:
    """The service's answer as it is."""
    return Response(answer.body, answer.status, dict(answer.headers))


def _route(wanted: Capability) -> Callable[[Request], Awaitable[Response]]:
    @contacting(wanted)
    async def forward(request: Request) -> Response:
        session = await admitted(request, wanted)
        body = await request.body()
        if wanted.device and (known := browsers_device(request)):
            body = with_device(body, known)
        call = call_of(request, wanted, session, body)
        return answered(await edge_of(request).services.call(call))

    return forward


def _filled(path: str, ids: Mapping[str, str]) -> str:
    """The path with its ids; what cannot be an id names nothing. Raises NotFound."""
    if not all(_id.fullmatch(value) for value in ids.values()):
        raise NotFound
    return path.format_map(ids)


def _plain(value: str | None) -> str:
    return value if value and len(value) <= LONGEST_HEADER and value.isascii() and value.isprintable() else ""


def forwarding(prefix: str = PREFIX) -> APIRouter:
    """One route for each capability of another service. Their description is that service's own."""
    router = APIRouter(prefix=prefix)
    for each in forwarded():
        router.add_api_route(each.path, _route(each), methods=[each.method], include_in_schema=False)
    return router


router = forwarding()
