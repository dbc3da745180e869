"""FranceConnect (domain F18, F30 to F32): a browser leaves for it and comes back by GET; a cookie binds the two ways.

An application opens the same address in the system's browser, gets `code` and `state` back by its own link, and
sends them with the ticket that only it has.
"""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.mongo import DatabaseDown
from chassis.web import BadRequest
from contracts.problems import Problem, Text, Unauthenticated, Unavailable
from services.gateway.api.access import DEVICE, TICKET, admitted, check_provenance, edge_of, logged_in
from services.gateway.api.describing import described
from services.gateway.api.forward import answered, call_of
from services.gateway.api.giving import SessionView
from services.gateway.api.limiting import ended
from services.gateway.api.returning import LINKING, arrive, refused
from services.gateway.domain.calls import OK, Answer
from services.gateway.domain.capabilities import PREFIX, Capability, capability
from services.gateway.handlers.sessions import IDENTITY, JSON, Tokens, encode

PROVIDERS = replace(capability("GET", "/franceconnect/providers"), service=IDENTITY)
FORGET = capability("DELETE", "/franceconnect/choice")
LEAVE, COME_BACK = capability("GET", "/franceconnect/authorize"), capability("GET", "/franceconnect/callback")
AUTHORIZE = replace(LEAVE, service=IDENTITY, method="POST", target="/franceconnect/authorizations")
CALLBACK = replace(COME_BACK, service=IDENTITY, method="POST", target="/franceconnect/callbacks")
RETURN = replace(capability("POST", "/franceconnect/sessions"), service=IDENTITY, target="/franceconnect/callbacks")
LINK = replace(capability("POST", "/me/franceconnect"), service=IDENTITY)
CHOICE = "identity-provider"
A_YEAR = 365 * 24 * 3600
LONGEST_PARAMETER = 2000
TOO_LONG = Text("Un paramètre est trop long.", "A parameter is too long.")

router = APIRouter(prefix=PREFIX, tags=["franceconnect"])
ClientId = Literal["web", "ios", "android"]


class ProviderView(BaseModel):
    """An identity provider that FranceConnect offers."""

    id: str
    label: str


class ProvidersView(BaseModel):
    """What FranceConnect offers. `preselected` is what this browser asked to remember; nothing follows by itself."""

    enabled: bool
    providers: list[ProviderView]
    preselected: str | None = None


class AuthorizationView(BaseModel):
    """For an application: what to open, and the ticket to send back with what it brings."""

    url: str
    ticket: str
    expires_in: int


class ReturnBody(BaseModel):
    """What came back to an application, its ticket and its device token, if it has a good one. Read by identity."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(max_length=200, pattern=r"^[A-Za-z0-9_\-]*$")
    ticket: str = Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_\-]+$")
    code: str | None = Field(default=None, max_length=1024, pattern=r"^[\x20-\x7e]+$")
    error: str | None = Field(default=None, max_length=200, pattern=r"^[\x20-\x7e]+$")
    device_token: str | None = None


class OutcomeView(BaseModel):
    """How it ended: `session` with its tokens, or why there is none and what to do."""

    outcome: str
    session: SessionView | None = None
    link_ticket: str | None = None
    portal: str | None = None
    logout_url: str | None = None


class LinkBody(BaseModel):
    """An application's link ticket; a browser's cookie holds it."""

    link_ticket: str


@router.get(
    "/franceconnect/providers",
    summary="What FranceConnect offers",
    operation_id="list_identity_providers",
    openapi_extra=described(PROVIDERS),
    responses={200: {"model": ProvidersView}},
)
async def list_identity_providers(request: Request) -> Response:
    """The identity providers, and whether FranceConnect can be used at all."""
    await admitted(request, PROVIDERS)
    edge = edge_of(request)
    answer = await edge.services.call(call_of(request, PROVIDERS, None, b""))
    if answer.status != OK:
        return answered(answer)
    offered: dict[str, Any] = orjson.loads(answer.body)
    chosen = request.cookies.get(edge.cookie(CHOICE))
    known = {each["id"] for each in offered["providers"]}
    return Response(
        orjson.dumps({**offered, "preselected": chosen if chosen in known else None}), media_type="application/json"
    )


@router.delete(
    "/franceconnect/choice",
    summary="Forget the identity provider",
    operation_id="forget_identity_provider",
    status_code=204,
    openapi_extra=described(FORGET),
)
async def forget_identity_provider(request: Request) -> Response:
    """This browser does not remember the choice any more."""
    await admitted(request, FORGET)
    response = Response(status_code=204)
    edge_of(request).keep(response, CHOICE, "", 0)
    return response


@router.get(
    "/franceconnect/authorize",
    summary="Leave for FranceConnect",
    operation_id="leave_for_franceconnect",
    openapi_extra=described(LEAVE),
    responses={200: {"model": AuthorizationView}, 302: {"description": "A browser leaves for FranceConnect."}},
)
async def leave_for_franceconnect(
    request: Request, client_id: ClientId = "web", provider: str | None = None, *, remember: bool = False
) -> Response:
    """A browser is sent there, bound by a cookie; an application gets the address and its ticket."""
    edge, asking = edge_of(request), _ask(request, LEAVE, AUTHORIZE, {"client_id": client_id, "provider": provider})
    if client_id != "web":
        return answered(await asking)
    answer = await _always(request, asking)
    if answer.status != OK:
        return refused(answer)
    begun = orjson.loads(answer.body)
    response = RedirectResponse(begun["url"], 302)
    edge.keep(response, TICKET, begun["ticket"], begun["expires_in"])
    if remember and provider:
        edge.keep(response, CHOICE, provider, A_YEAR)
    elif provider and request.cookies.get(edge.cookie(CHOICE), provider) != provider:
        # Another one without the tick: nothing is to stay stored (F32).
        edge.keep(response, CHOICE, "", 0)
    return response


@router.get(
    "/franceconnect/callback",
    summary="Come back from FranceConnect",
    operation_id="come_back_from_franceconnect",
    openapi_extra=described(COME_BACK),
    status_code=302,
    response_class=RedirectResponse,
)
async def come_back_from_franceconnect(
    request: Request, state: str = "", code: str | None = None, error: str | None = None
) -> Response:
    """Ends on a page, whatever happened; a ticket works once."""
    edge, brought = edge_of(request), {"state": state, "code": code, "error": error}
    bound = {
        "ticket": request.cookies.get(edge.cookie(TICKET)),
        "device_token": request.cookies.get(edge.cookie(DEVICE)),
    }
    sent = {name: _readable(value) for name, value in {**brought, **bound}.items()}
    answer = await _always(request, _ask(request, COME_BACK, CALLBACK, sent))
    response = arrive(edge, answer, brought)
    edge.keep(response, TICKET, "", 0)
    return response


@router.post(
    "/franceconnect/sessions",
    summary="Log in an application with what FranceConnect brought",
    operation_id="log_in_with_franceconnect",
    openapi_extra=described(RETURN, body=ReturnBody),
    responses={200: {"model": OutcomeView}},
)
async def log_in_with_franceconnect(request: Request) -> Response:
    """The second half for an application, which kept its ticket. What a browser began ends here without a session."""
    await admitted(request, RETURN)
    check_provenance(request, proof=False)
    services, call = edge_of(request).services, call_of(request, RETURN, None, await request.body())
    try:
        without = _without_ticket(call.body)
    except RequestValidationError:
        # A return without `state` is the one that identity notes like any other that does not hold.
        with suppress(Unavailable):
            await services.call(replace(call, body=encode(state="")))
        raise
    # Without its ticket identity says whether an application began this, and opens no session that nobody would get.
    answer = await services.call(replace(call, body=without))
    if answer.status == OK and orjson.loads(answer.body)["outcome"] == "to-app":
        answer = await services.call(call)
    if answer.status != OK:
        return answered(answer)
    outcome: dict[str, Any] = orjson.loads(answer.body)
    if outcome.pop("client_id", "web") == "web":
        # A browser's tokens go into cookies, and it came back by the callback.
        raise Unauthenticated
    session = outcome.pop("session", None)
    tokens = orjson.loads(Tokens.read(session).for_application()) if session else None
    return answered(replace(answer, body=orjson.dumps({**outcome, "session": tokens})))


@router.post(
    "/me/franceconnect",
    summary="Let FranceConnect open the account",
    operation_id="link_franceconnect",
    status_code=204,
    openapi_extra=described(LINK, body=LinkBody, body_required=False),
)
async def link_franceconnect(request: Request) -> Response:
    """After a log-in with the code: whoever FranceConnect named and whoever knows the code are one person."""
    edge, session = edge_of(request), await logged_in(request, LINK)
    body, ticket = await request.body(), request.cookies.get(edge.cookie(LINKING))
    if not body and ticket:
        body = encode(link_ticket=ticket)
    response = answered(await edge.services.call(call_of(request, LINK, session, body)))
    if ticket:
        edge.keep(response, LINKING, "", 0)
    return response


async def _ask(request: Request, wanted: Capability, asked: Capability, said: Mapping[str, str | None]) -> Answer:
    """Identity's answer. Raises what admitted raises, BadRequest for what no service would read, and Unavailable."""
    await admitted(request, wanted)
    sent = {name: value for name, value in said.items() if value}
    if any(len(value) > LONGEST_PARAMETER for value in sent.values()):
        raise BadRequest(TOO_LONG)
    call = call_of(request, asked, None, b"")
    call = replace(call, query="", body=encode(**sent), headers={**call.headers, **JSON})
    return await edge_of(request).services.call(call)


def _readable(value: str | None) -> str | None:
    """What no service would read, as one that identity refuses and notes: too long all the same, and without NUL."""
    return value and value[:LONGEST_PARAMETER].replace("\x00", "\ufffd")


def _without_ticket(body: bytes) -> bytes:
    """What came back, of nobody in particular. Raises RequestValidationError; what is no JSON is left to identity."""
    try:
        brought = ReturnBody.model_validate_json(body)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_context=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            return body
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in errors]) from None
    return encode(**brought.model_dump(exclude={"ticket"}))


async def _always(request: Request, asking: Awaitable[Answer]) -> Answer:
    """The answer; a refusal of ours becomes one, since a browser must end on a page."""
    try:
        answer = await asking
    except Problem as refusal:
        answer = Answer(refusal.status, b"", {})
    except DatabaseDown:
        answer = Answer(Unavailable.status, b"", {})
    ended(request, answer.status)
    return answer
