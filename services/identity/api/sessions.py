"""Logging in with a code, staying in and logging out, and the keys that verify the tokens."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from chassis.auth import CurrentCaller, CurrentPerson, Person
from chassis.routes import CurrentWork, IdempotencyKey, Now
from chassis.viewings import Noted
from contracts.identity import LogInWay
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.accounts import SPAM_HINT
from services.identity.api.fields import (
    GivenDeviceToken,
    OpaqueToken,
    RequestKey,
    RequestModel,
    SecondCode,
    TypedCode,
    TypedNir,
)
from services.identity.api.parts import EVEN_PACE_ONCE_JUDGED, CurrentParts, Opaque, Say, Tokens
from services.identity.domain import challenge as challenges
from services.identity.domain.challenge import Challenge
from services.identity.domain.log_in import let_in
from services.identity.domain.session import Client, Scope, Session, granted

router = APIRouter(tags=["sessions"])


CODE_SENT = Text(
    "Vous vous connectez depuis un nouvel appareil : saisissez le code que nous venons de vous envoyer par e-mail.",
    "You are logging in from a new device: type the code that we have just sent you by e-mail.",
)


class LogInRequest(RequestModel):
    """A number, a code, the program in which they are typed, and the device token it got, if it got one.

    `asked_with` is the `Idempotency-Key` of the request for the code that is typed, if this program made it: then
    nobody else can use up its tries.
    """

    nir: TypedNir
    code: TypedCode
    client_id: Client = Field(strict=False)
    device_token: GivenDeviceToken | None = None
    asked_with: RequestKey | None = None


class ChallengeRequest(RequestModel):
    """The code that came by e-mail, and the program in which the log-in began.

    `remember_device`: whether the device is the person's own, and needs no second code for 30 days.
    """

    code: SecondCode
    client_id: Client = Field(strict=False)
    remember_device: bool = True


class RefreshRequest(RequestModel):
    """The refresh token of the last answer."""

    refresh_token: OpaqueToken


class TokensView(BaseModel):
    """The tokens of a session; durations in seconds. The refresh token works once.

    The device token, given by the log-in since which the device is known, is shown at the next ones.
    """

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    session_id: UUID
    code_change_required: bool
    device_token: str | None = None
    device_expires_in: int | None = None

    @classmethod
    def of(cls, session: Session, tokens: Tokens, renewal: Opaque) -> "TokensView":
        """Tokens for this session, which a log-in opened."""
        device = tokens.device(session)
        known = {"device_token": device.token, "device_expires_in": device.expires_in} if device else {}
        return cls.continued(session, tokens, renewal).model_copy(update=known)

    @classmethod
    def continued(cls, session: Session, tokens: Tokens, renewal: Opaque) -> "TokensView":
        """Tokens for this session as it is now."""
        access = tokens.access(session)
        return cls(
            access_token=access.token,
            expires_in=access.expires_in,
            refresh_token=renewal.token,
            refresh_expires_in=int((session.expires_at - session.used_at).total_seconds()),
            session_id=session.id,
            code_change_required=session.scope is Scope.CODE_CHANGE,
        )


class ChallengeView(BaseModel):
    """The right code on a device that is not known: a second one was sent by e-mail, and goes to this challenge."""

    challenge_id: str
    expires_in: int
    message: str
    spam_hint: str

    @classmethod
    def of(cls, asked: Challenge, token: str, say: Callable[[Text], str], now: datetime) -> "ChallengeView":
        """The challenge of this token, in the reader's language."""
        life = int((asked.expires_at - now).total_seconds())
        return cls(challenge_id=token, expires_in=life, message=say(CODE_SENT), spam_hint=say(SPAM_HINT))


class SessionView(BaseModel):
    """A device that is logged in."""

    session_id: UUID
    client_id: Client
    channel: str
    way: LogInWay
    device_id: UUID | None
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool


class SessionsView(BaseModel):
    """All devices that are logged in, the last used first."""

    sessions: list[SessionView]

    @classmethod
    def of(cls, found: Sequence[Session], person: Person) -> "SessionsView":
        """The sessions as their owner sees them."""
        return cls(
            sessions=[
                SessionView(
                    session_id=each.id,
                    client_id=each.client,
                    channel=each.client.channel,
                    way=each.way,
                    device_id=each.device,
                    opened_at=each.opened_at,
                    used_at=each.used_at,
                    expires_at=each.expires_at,
                    current=each.id == person.session_id,
                )
                for each in found
            ]
        )


class KeysView(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


@router.post(
    "/sessions",
    operation_id="log_in",
    summary="Log in",
    response_model=None,
    responses={200: {"model": TokensView}, 202: {"model": ChallengeView}},
    dependencies=[EVEN_PACE_ONCE_JUDGED],
)
async def log_in(
    request: LogInRequest,
    response: Response,
    _: CurrentCaller,
    *,
    work: CurrentWork,
    parts: CurrentParts,
    say: Say,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> TokensView | ChallengeView:
    """Log in with a number and a code (F15). An unknown number and a wrong code get the same answer.

    On a device that is not known, the own code gets 202 and a second code by e-mail. Sent again with the same
    `Idempotency-Key`, it opens no second session and sends no second e-mail.
    """
    codes, tokens, visit = parts.codes, parts.tokens, parts.tokens.visit(request.client_id, request.device_token)
    waiting = tokens.waiting(request.asked_with, request.nir.body)
    trying = handlers.BeginLogIn(request.nir, request.code, visit.shown, now, waiting)
    begun = await work(handlers.begin_log_in, trying)
    matched = await codes.matching(begun.candidates, request.code)
    renewal, challenge = tokens.draw(), tokens.challenge(idempotency_key, request.nir.body, request.code.text)
    command = handlers.LogIn(
        nir=request.nir,
        begun=begun,
        matched=matched,
        visit=visit,
        session_id=tokens.session_id(idempotency_key),
        refresh_hash=renewal.hash,
        challenge_hash=challenge.hash,
        second=await codes.second(now, needed=begun.challenges(matched)),
        rehashed=await codes.rehashed(matched, request.code),
        now=now,
    )
    outcome = await work(handlers.log_in, command)
    parts.spraying.watch(request.nir, request.code, now, refused=outcome is None)
    if isinstance(outcome, Challenge):
        response.status_code = 202
        return ChallengeView.of(outcome, challenge.token, say, now)
    return TokensView.of(let_in(outcome), tokens, renewal)


@router.post(
    "/sessions/challenges/{challenge_id}",
    operation_id="answer_challenge",
    summary="Log in on a new device with the code that came by e-mail",
    dependencies=[EVEN_PACE_ONCE_JUDGED],
)
async def answer_challenge(
    challenge_id: OpaqueToken,
    request: ChallengeRequest,
    _: CurrentCaller,
    *,
    work: CurrentWork,
    parts: CurrentParts,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> TokensView:
    """Type the second code (B3); the device is known from then on. 5 tries, 10 minutes, the newest code only.

    Sent again with the same `Idempotency-Key`, it opens no second session.
    """
    tokens = parts.tokens
    id_hash, session_id = tokens.hash(challenge_id), tokens.session_id(idempotency_key)
    begun = handlers.BeginAnswer(id_hash, request.client_id, session_id, now)
    compared = await work(handlers.begin_answer, begun)
    matched = await parts.codes.matching((compared,), request.code)
    renewal, remember = tokens.draw(), request.remember_device
    command = handlers.AnswerChallenge(id_hash, compared, matched, session_id, renewal.hash, now, remember)
    return TokensView.of(challenges.let_in(await work(handlers.answer_challenge, command)), tokens, renewal)


@router.post("/sessions/refresh", operation_id="refresh_session", summary="Continue a session")
async def refresh_session(
    request: RefreshRequest,
    _: CurrentCaller,
    *,
    work: CurrentWork,
    parts: CurrentParts,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> TokensView:
    """Exchange a refresh token for the next one. One that comes twice ends its session.

    Sent again with the same `Idempotency-Key`, it gets the same next token.
    """
    renewal = parts.tokens.following(request.refresh_token, idempotency_key)
    command = handlers.RefreshSession(parts.tokens.hash(request.refresh_token), renewal.hash, now)
    return TokensView.continued(granted(await work(handlers.refresh_session, command)), parts.tokens, renewal)


@router.get("/sessions", operation_id="list_sessions", summary="List the devices that are logged in")
async def list_sessions(person: CurrentPerson, work: CurrentWork, noted: Noted, now: Now) -> SessionsView:
    """The person's live sessions."""
    found = await work.read(handlers.list_sessions, handlers.ListSessions(person.id, now))
    await noted()
    return SessionsView.of(found, person)


@router.delete("/sessions", status_code=204, operation_id="end_sessions", summary="Log out everywhere")
async def end_sessions(person: CurrentPerson, work: CurrentWork, now: Now) -> None:
    """End all of the person's sessions, this one too."""
    await work(handlers.end_sessions, handlers.EndSessions(person.id, now))


@router.delete("/sessions/current", status_code=204, operation_id="log_out", summary="Log out")
async def log_out(person: CurrentPerson, work: CurrentWork, now: Now) -> None:
    """End this session. Doing it again changes nothing."""
    await work(handlers.end_own_session, handlers.EndSession(person.id, person.session_id, now))


@router.delete("/sessions/{session_id}", status_code=204, operation_id="end_session", summary="Log one device out")
async def end_session(session_id: UUID, person: CurrentPerson, work: CurrentWork, now: Now) -> None:
    """End one of the person's own sessions; any other is not found."""
    await work(handlers.end_session, handlers.EndSession(person.id, session_id, now))


@router.get("/jwks", operation_id="read_jwks", summary="The keys that verify access tokens")
async def read_jwks(_: CurrentCaller, parts: CurrentParts) -> KeysView:
    """The public keys of access tokens."""
    return KeysView(keys=parts.tokens.jwks()["keys"])
