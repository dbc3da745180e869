"""Every way in that needs no visit elsewhere: a code, the second code of a new device, a passkey."""

from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.gateway.api.access import admitted, browsers_device, check_provenance, edge_of
from services.gateway.api.bodies import from_browser, with_device
from services.gateway.api.contacting import contacting
from services.gateway.api.describing import described
from services.gateway.api.forward import call_of
from services.gateway.api.giving import ChallengeView, SessionView, given
from services.gateway.domain.capabilities import PREFIX, Capability, capability
from services.gateway.handlers import sessions as handlers
from services.gateway.handlers.sessions import IDENTITY

LOG_IN = replace(capability("POST", "/sessions"), service=IDENTITY)
ANSWER = replace(capability("POST", "/sessions/challenges/{challenge_id}"), service=IDENTITY)
PASSKEY = replace(capability("POST", "/sessions/passkeys"), service=IDENTITY)
ClientId = Literal["web", "ios", "android"]

router = APIRouter(prefix=PREFIX, tags=["sessions"])


class LogInBody(BaseModel):
    """A number, a code, and the program in which they are typed. Read by identity.

    An application sends back the `device_token` of its last log-in; a browser's cookie holds it. `asked_with` is the
    `Idempotency-Key` under which this program asked for the code, which nobody else can use up then.
    """

    nir: str
    code: str
    client_id: ClientId
    device_token: str | None = None
    asked_with: str | None = None


class ChallengeBody(BaseModel):
    """The code that came by e-mail, typed in the program that asked to log in. Read by identity.

    Without `remember_device` the next log-in on this device asks for a second code again, as on a shared one it should.
    """

    code: str
    client_id: ClientId
    remember_device: bool = True


class PasskeyBody(BaseModel):
    """What the authenticator answered to the options of this ceremony. Read by identity."""

    ceremony_id: str
    credential: dict[str, Any]
    client_id: ClientId
    device_token: str | None = None


@router.post(
    "/sessions",
    summary="Log in",
    operation_id="log_in",
    responses={200: {"model": SessionView}, 202: {"model": ChallengeView}},
    openapi_extra=described(LOG_IN, body=LogInBody),
)
@contacting(LOG_IN)
async def log_in(request: Request) -> Response:
    """`client_id` `web` gets cookies, any other gets the tokens in the body. 202 on a device that is not known."""
    return await _enter(request, LOG_IN)


@router.post(
    "/sessions/challenges/{challenge_id}",
    summary="Let a new device in",
    operation_id="answer_challenge",
    responses={200: {"model": SessionView}},
    openapi_extra=described(ANSWER, body=ChallengeBody),
)
@contacting(ANSWER)
async def answer_challenge(request: Request) -> Response:
    """The code of the e-mail ends the log-in that was answered 202; the device is remembered 30 days if it may be."""
    return await _enter(request, ANSWER, device=False)


@router.post(
    "/sessions/passkeys",
    summary="Log in with a passkey",
    operation_id="log_in_with_passkey",
    responses={200: {"model": SessionView}},
    openapi_extra=described(PASSKEY, body=PasskeyBody),
)
async def log_in_with_passkey(request: Request) -> Response:
    """A passkey says who it is for; nothing else is asked."""
    return await _enter(request, PASSKEY)


async def _enter(request: Request, wanted: Capability, *, device: bool = True) -> Response:
    edge, body = edge_of(request), await request.body()
    browser = from_browser(body)
    with edge.entrance.place():
        await admitted(request, wanted)
        check_provenance(request, proof=browser)
        if browser and device:
            body = with_device(body, browsers_device(request))
        answer, tokens = await handlers.log_in(call_of(request, wanted, None, body), edge.services)
    return given(edge, answer, tokens, browser=browser)
