"""Refresh, log-out, the choice of a code and the end of an account, where cookies are renewed and taken back."""

from dataclasses import replace
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from contracts.channel import Channel
from contracts.problems import Unauthenticated
from services.gateway.api.access import LEAVING, REFRESH, admitted, counted, edge_of, logged_in
from services.gateway.api.describing import described
from services.gateway.api.forward import answered, call_of
from services.gateway.api.giving import SessionView, given
from services.gateway.api.limiting import ended
from services.gateway.domain.calls import OK
from services.gateway.domain.capabilities import PREFIX, capability
from services.gateway.domain.sessions import Session
from services.gateway.handlers import sessions as handlers
from services.gateway.handlers.sessions import IDENTITY

CONTINUE = replace(capability("POST", "/sessions/refresh"), service=IDENTITY)
LOG_OUT_EVERYWHERE = replace(capability("DELETE", "/sessions"), service=IDENTITY)
LOG_OUT = replace(capability("DELETE", "/sessions/current"), service=IDENTITY)
CHOOSE_CODE = replace(capability("PUT", "/me/code"), service=IDENTITY)
CLOSE = replace(capability("DELETE", "/me"), service=IDENTITY)
CLOSED = "compte-ferme."
NO_CONTENT, UNAUTHORIZED = 204, 401
FORGET_EVERYTHING = {"clear-site-data": '"cache", "storage"'}

router = APIRouter(prefix=PREFIX, tags=["sessions"])


class LeavingView(BaseModel):
    """FranceConnect opened the session: where a browser goes on to, so that it ends there as well."""

    continue_at: str


LEFT: dict[int | str, dict[str, Any]] = {200: {"model": LeavingView}, 204: {"description": "Nothing is left of it."}}


class RefreshBody(BaseModel):
    """The refresh token of the last answer; nothing from a browser, whose cookie holds it. Read by identity."""

    refresh_token: str


class CodeBody(BaseModel):
    """The new code, and the current one unless it is provisional. Read by identity."""

    new_code: str
    current_code: str | None = None


class ClosureBody(BaseModel):
    """The current code; none minutes after a log-in by FranceConnect or with a passkey. Read by identity."""

    current_code: str | None = None


@router.post(
    "/sessions/refresh",
    summary="Continue a session",
    operation_id="refresh_session",
    responses={200: {"model": SessionView}},
    openapi_extra=described(CONTINUE, body=RefreshBody, body_required=False),
)
async def refresh_session(request: Request) -> Response:
    """New tokens for a refresh token, which is used up. A browser sends no body: its cookie says it all."""
    edge, body = edge_of(request), await request.body()
    await admitted(request, CONTINUE)
    if body:
        answer, tokens = await handlers.log_in(call_of(request, CONTINUE, None, body), edge.services)
        return given(edge, answer, tokens, browser=False)
    body = handlers.encode(refresh_token=_refresh_token(request))
    asking = call_of(request, CONTINUE, None, body)
    answer, tokens = await handlers.log_in(asking, edge.services)
    response = given(edge, answer, tokens, browser=True)
    if answer.status == UNAUTHORIZED:
        edge.take_back(response)
    leaving = request.cookies.get(edge.cookie(LEAVING))
    if leaving and tokens:
        edge.keep(response, LEAVING, leaving, tokens.refresh_life)
    return response


@router.delete(
    "/sessions/current",
    summary="Log out",
    operation_id="log_out",
    status_code=NO_CONTENT,
    responses=LEFT,
    openapi_extra=described(LOG_OUT),
)
async def log_out(request: Request) -> Response:
    """The session is over, here at once and everywhere within 5 s; a browser is left with nothing of it."""
    try:
        session = await admitted(request, LOG_OUT)
    except Unauthenticated:
        return await _log_out_revived(request)
    return await _log_out(request, session)


async def _log_out_revived(request: Request) -> Response:
    """As log_out, for a browser whose access token has expired; a session that is over already needs no more."""
    edge = edge_of(request)
    await counted(request, CONTINUE)
    key = request.headers.get("idempotency-key")
    answer, tokens = await handlers.refresh(_refresh_token(request), key, edge.services)
    ended(request, answer.status)
    if answer.status not in (OK, UNAUTHORIZED):
        return answered(answer)
    return await _log_out(request, await edge.tokens.read(tokens.access) if tokens else None)


async def _log_out(request: Request, session: Session | None) -> Response:
    response = Response(status_code=NO_CONTENT)
    if session is not None:
        response = answered(await edge_of(request).services.call(call_of(request, LOG_OUT, session, b"")))
        if response.status_code != NO_CONTENT:
            return response
    return _left(request, session, response)


@router.delete(
    "/sessions",
    summary="Log out everywhere",
    operation_id="log_out_everywhere",
    status_code=NO_CONTENT,
    responses=LEFT,
    openapi_extra=described(LOG_OUT_EVERYWHERE),
)
async def log_out_everywhere(request: Request) -> Response:
    """Every session of the person is over, this one here at once and all of them everywhere within 5 s."""
    edge, session = edge_of(request), await logged_in(request, LOG_OUT_EVERYWHERE)
    response = answered(await edge.services.call(call_of(request, LOG_OUT_EVERYWHERE, session, b"")))
    if response.status_code != NO_CONTENT:
        return response
    return _left(request, session, response)


@router.put(
    "/me/code",
    summary="Choose an access code",
    operation_id="choose_code",
    status_code=NO_CONTENT,
    openapi_extra=described(CHOOSE_CODE, body=CodeBody),
)
async def choose_code(request: Request) -> Response:
    """A code of one's own, as `codes.own` of `GET /capabilities` asks.

    After a provisional code, the next `POST /sessions/refresh` brings a session that may do everything.
    """
    edge, session = edge_of(request), await logged_in(request, CHOOSE_CODE)
    return answered(await edge.services.call(call_of(request, CHOOSE_CODE, session, await request.body())))


@router.delete(
    "/me",
    summary="Close the account",
    operation_id="close_account",
    status_code=NO_CONTENT,
    responses=LEFT,
    openapi_extra=described(CLOSE, body=ClosureBody),
)
async def close_account(request: Request) -> Response:
    """The account is closed for good and all its sessions are over; a browser is left with nothing of it.

    Payments and requests are kept as the law wants; the same person may create another account at once.
    """
    edge, session = edge_of(request), await logged_in(request, CLOSE)
    response = answered(await edge.services.call(call_of(request, CLOSE, session, await request.body())))
    if response.status_code != NO_CONTENT:
        return response
    return _left(request, session, response, said=CLOSED)


def _left(request: Request, session: Session | None, response: Response, *, said: str = "") -> Response:
    """The answer after which a browser has nothing left of the session; `said` is what FranceConnect brings back."""
    edge = edge_of(request)
    if session is not None:
        edge.tokens.forget(session.session_id)
    if session is not None and session.channel is not Channel.WEB:
        return response
    if leaving := request.cookies.get(edge.cookie(LEAVING)):
        # FranceConnect hands the state of a log-out back to our page.
        response = _going_on(response, leaving.replace("&state=", f"&state={said}", 1))
        edge.keep(response, LEAVING, "", 0)
    edge.take_back(response)
    response.headers.update(FORGET_EVERYTHING)
    return response


def _going_on(response: Response, address: str) -> Response:
    told = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(orjson.dumps({"continue_at": address}), headers=told, media_type="application/json")


def _refresh_token(request: Request) -> str:
    token = request.cookies.get(edge_of(request).cookie(REFRESH))
    if not token or "authorization" in request.headers:
        raise Unauthenticated
    return token
