"""Log-in, refresh, log-out and the choice of a code: where tokens become cookies."""

from dataclasses import replace
from typing import Literal

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from contracts.identity import Channel
from contracts.problems import Unauthenticated
from services.gateway.api.access import REFRESH, Edge, admitted, check_provenance, edge_of, logged_in
from services.gateway.api.describing import described
from services.gateway.api.forward import answered, call_of
from services.gateway.domain.calls import Answer
from services.gateway.domain.capabilities import PREFIX, capability
from services.gateway.domain.sessions import CODE_CHANGE, Session
from services.gateway.handlers import sessions as handlers
from services.gateway.handlers.sessions import IDENTITY, Tokens

LOG_IN = replace(capability("POST", "/sessions"), service=IDENTITY)
CONTINUE = replace(capability("POST", "/sessions/refresh"), service=IDENTITY)
LOG_OUT = replace(capability("DELETE", "/sessions/current"), service=IDENTITY)
CHOOSE_CODE = replace(capability("PUT", "/me/code"), service=IDENTITY)
UNAUTHORIZED = 401
NO_CONTENT = 204
FORGET_EVERYTHING = {"clear-site-data": '"cache", "storage"'}

router = APIRouter(prefix=PREFIX, tags=["sessions"])


class SessionView(BaseModel):
    """A session. Browsers get their tokens as cookies; an application finds them here. Lives are in seconds."""

    expires_in: int
    code_change_required: bool
    access_token: str | None = None
    refresh_token: str | None = None
    refresh_expires_in: int | None = None


class LogInBody(BaseModel):
    """A number, a code, and the program in which they are typed. Read by identity."""

    nir: str
    code: str
    client_id: Literal["web", "ios", "android"]


class RefreshBody(BaseModel):
    """The refresh token of the last answer; nothing from a browser, whose cookie holds it. Read by identity."""

    refresh_token: str


class CodeBody(BaseModel):
    """The new code, and the current one unless it is provisional. Read by identity."""

    new_code: str
    current_code: str | None = None


@router.post(
    "/sessions",
    summary="Log in",
    operation_id="log_in",
    responses={200: {"model": SessionView}},
    openapi_extra=described(LOG_IN, body=LogInBody),
)
async def log_in(request: Request) -> Response:
    """`client_id` `web` gets cookies, any other gets the tokens in the body."""
    body = await request.body()
    browser = _client(body) == Channel.WEB
    check_provenance(request, proof=browser)
    call = call_of(request, LOG_IN, None, body)
    answer, tokens = await handlers.log_in(call, edge_of(request).services)
    return _given(edge_of(request), answer, tokens, browser=browser)


@router.post(
    "/sessions/refresh",
    summary="Continue a session",
    operation_id="refresh_session",
    responses={200: {"model": SessionView}},
    openapi_extra=described(CONTINUE, body=RefreshBody),
)
async def refresh_session(request: Request) -> Response:
    """New tokens for a refresh token, which is used up. A browser sends no body: its cookie says it all."""
    edge, body = edge_of(request), await request.body()
    await admitted(request, CONTINUE)
    if body:
        answer, tokens = await handlers.log_in(call_of(request, CONTINUE, None, body), edge.services)
        return _given(edge, answer, tokens, browser=False)
    answer, tokens = await handlers.refresh(_refresh_token(request), edge.services)
    response = _given(edge, answer, tokens, browser=True)
    if answer.status == UNAUTHORIZED:
        edge.take_back(response)
    return response


@router.delete(
    "/sessions/current",
    summary="Log out",
    operation_id="log_out",
    status_code=NO_CONTENT,
    openapi_extra=described(LOG_OUT),
)
async def log_out(request: Request) -> Response:
    """The session is over, here at once and everywhere within 5 s; a browser is left with nothing of it."""
    edge, session = edge_of(request), await _ending(request)
    response = Response(status_code=NO_CONTENT)
    if session is not None:
        response = answered(await edge.services.call(call_of(request, LOG_OUT, session, b"")))
        if response.status_code != NO_CONTENT:
            return response
        edge.tokens.forget(session.session_id)
    if session is None or session.channel is Channel.WEB:
        edge.take_back(response)
        response.headers.update(FORGET_EVERYTHING)
    return response


@router.put(
    "/me/code",
    summary="Choose an access code",
    operation_id="choose_code",
    status_code=NO_CONTENT,
    openapi_extra=described(CHOOSE_CODE, body=CodeBody),
)
async def choose_code(request: Request) -> Response:
    """4 to 13 digits of one's own. After a provisional code, a browser has its full session at once."""
    edge, session = edge_of(request), await logged_in(request, CHOOSE_CODE)
    renew = session.channel is Channel.WEB and session.scope == CODE_CHANGE
    call = call_of(request, CHOOSE_CODE, session, await request.body())
    refresh_token = request.cookies.get(edge.cookie(REFRESH)) if renew else None
    answer, tokens = await handlers.change_code(call, refresh_token, edge.services)
    response = answered(answer)
    if tokens:
        edge.give(response, tokens)
    return response


async def _ending(request: Request) -> Session | None:
    """The session to end, brought back to life if a browser's access token has expired; None if it is over already."""
    edge = edge_of(request)
    try:
        return await admitted(request, LOG_OUT)
    except Unauthenticated:
        _, tokens = await handlers.refresh(_refresh_token(request), edge.services)
        return await edge.tokens.read(tokens.access) if tokens else None


def _refresh_token(request: Request) -> str:
    token = request.cookies.get(edge_of(request).cookie(REFRESH))
    if not token or "authorization" in request.headers:
        raise Unauthenticated
    return token


def _given(edge: Edge, answer: Answer, tokens: Tokens | None, *, browser: bool) -> Response:
    if tokens is None:
        return answered(answer)
    body = tokens.for_browser() if browser else tokens.for_application()
    response = answered(replace(answer, body=body))
    if browser:
        edge.give(response, tokens)
    return response


def _client(body: bytes) -> object:
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return sent.get("client_id") if isinstance(sent, dict) else None
