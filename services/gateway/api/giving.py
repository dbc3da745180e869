"""Where tokens become cookies: a browser gets them where no script can read, an application in the body."""

from dataclasses import replace

from fastapi import Response
from pydantic import BaseModel

from services.gateway.api.access import Edge
from services.gateway.api.forward import answered
from services.gateway.domain.calls import Answer
from services.gateway.domain.portal_info import Contact
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
    """The device is not known: a second code, sent by e-mail, lets it in at `POST /sessions/challenges/{id}`.

    `contact`: whom to call when it does not arrive.
    """

    challenge_id: str
    expires_in: int
    message: str
    spam_hint: str
    contact: Contact


def given(edge: Edge, answer: Answer, tokens: Tokens | None, *, browser: bool) -> Response:
    """The answer to a log-in, with the tokens of a successful one where they belong."""
    if tokens is None:
        return answered(answer)
    response = answered(replace(answer, body=tokens.for_browser() if browser else tokens.for_application()))
    if browser:
        edge.give(response, tokens)
    return response
