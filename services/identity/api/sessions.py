"""Logging in and out, and the keys that verify the tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis.auth import CurrentCaller, CurrentPerson, Person
from chassis.routes import CurrentWork, IdempotencyKey, Now
from services.identity import handlers
from services.identity.api.fields import OpaqueToken, RequestModel, TypedCode, TypedNir
from services.identity.api.parts import CurrentParts, Renewal, Tokens
from services.identity.domain.session import Client, Scope, Session, granted

router = APIRouter(tags=["sessions"])


class LogInRequest(RequestModel):
    """A number, a code, and the program in which they are typed."""

    nir: TypedNir
    code: TypedCode
    client_id: Client = Field(strict=False)


class RefreshRequest(RequestModel):
    """The refresh token of the last answer."""

    refresh_token: OpaqueToken


class TokensView(BaseModel):
    """The tokens of a session; durations in seconds. The refresh token works once."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    session_id: UUID
    code_change_required: bool

    @classmethod
    def of(cls, session: Session, tokens: Tokens, renewal: Renewal) -> "TokensView":
        """Tokens for this session as it is now."""
        return cls(
            access_token=tokens.access(session),
            expires_in=int(tokens.life.total_seconds()),
            refresh_token=renewal.token,
            refresh_expires_in=int((session.expires_at - session.used_at).total_seconds()),
            session_id=session.id,
            code_change_required=session.scope is Scope.CODE_CHANGE,
        )


class SessionView(BaseModel):
    """A device that is logged in."""

    session_id: UUID
    client_id: Client
    channel: str
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


@router.post("/sessions", operation_id="log_in", summary="Log in")
async def log_in(
    request: LogInRequest,
    _: CurrentCaller,
    *,
    work: CurrentWork,
    parts: CurrentParts,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> TokensView:
    """Log in with a number and a code (F15). An unknown number and a wrong code get the same answer.

    Sent again with the same `Idempotency-Key`, it opens no second session.
    """
    begun = handlers.BeginLogIn(request.nir, request.code, now)
    matched = await parts.codes.matching(await work(handlers.begin_log_in, begun), request.code)
    renewal = parts.tokens.draw()
    session_id = parts.tokens.session_id(idempotency_key)
    command = handlers.LogIn(request.nir, matched, request.client_id, session_id, renewal.hash, now)
    return TokensView.of(await work(handlers.log_in, command), parts.tokens, renewal)


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
    return TokensView.of(granted(await work(handlers.refresh_session, command)), parts.tokens, renewal)


@router.get("/sessions", operation_id="list_sessions", summary="List the devices that are logged in")
async def list_sessions(person: CurrentPerson, work: CurrentWork, now: Now) -> SessionsView:
    """The person's live sessions."""
    query = handlers.ListSessions(person.id, now)
    return SessionsView.of(await work.read(handlers.list_sessions, query), person)


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
