"""Where tokens become cookies: a browser gets them where no script can read, an application in the body."""

from dataclasses import replace

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from contracts.identity import Channel
from services.gateway.api.access import DEVICE, Edge, edge_of
from services.gateway.api.forward import answered
from services.gateway.domain.calls import Answer
from services.gateway.handlers.sessions import Tokens


class SessionView(BaseModel):
    """A session. Browsers get their tokens as cookies; an application finds them here. Lives are in seconds."""

    expires_in: int
    code_change_required: bool
    access_token: str | None = None
    refresh_token: str | None = None
    refresh_expires_in: int | None = None
    device_token: str | None = None
    device_expires_in: int | None = None


class ChallengeView(BaseModel):
    """The device is not known: a second code, sent by e-mail, lets it in at `POST /sessions/challenges/{id}`."""

    challenge_id: str
    expires_in: int
    message: str
    spam_hint: str


def given(edge: Edge, answer: Answer, tokens: Tokens | None, *, browser: bool) -> Response:
    """The answer to a log-in, with the tokens of a successful one where they belong."""
    if tokens is None:
        return answered(answer)
    response = answered(replace(answer, body=tokens.for_browser() if browser else tokens.for_application()))
    if browser:
        edge.give(response, tokens)
    return response


def sent_by(body: bytes) -> dict[str, object]:
    """What a body says, before identity has checked it; nothing when it is no object."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}


def from_browser(body: bytes) -> bool:
    """Whether the log-in is a browser's, which keeps its tokens in cookies."""
    return sent_by(body).get("client_id") == Channel.WEB


def with_device(request: Request, body: bytes) -> bytes:
    """A browser's body with the device that its cookie names; no script can name another."""
    sent = sent_by(body)
    if not sent:
        return body
    sent.pop("device_token", None)
    known = request.cookies.get(edge_of(request).cookie(DEVICE))
    return orjson.dumps({**sent, "device_token": known} if known else sent)
