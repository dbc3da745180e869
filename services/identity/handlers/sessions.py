"""Logging in, staying in, logging out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.problems import NotFound
from services.identity.domain import account as accounts
from services.identity.domain import session as sessions
from services.identity.domain import throttle
from services.identity.domain.access_code import AccessCode
from services.identity.domain.nir import Nir
from services.identity.domain.session import Client, RefreshToken, Session
from services.identity.handlers.opening import save_opened
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class BeginLogIn:
    """Somebody typed a number and a code."""

    nir: Nir
    code: AccessCode
    now: datetime


async def begin_log_in(command: BeginLogIn, store: Store) -> tuple[str | None, ...]:
    """Count the attempt before anything is compared, and say with which hashes to compare the code.

    Reads and writes alike for a known and an unknown number. Raises TooManyAttempts.
    """
    attempts, judged = throttle.count_attempt(
        await store.attempts(command.nir), len(command.code.digits), store.parameters, command.now
    )
    await store.save_attempts(command.nir, attempts)
    return accounts.candidates(await store.account_by_nir(command.nir), judged)


@dataclass(frozen=True)
class LogIn:
    """The code was compared; `matched` is the hash it belongs to, or None."""

    nir: Nir
    matched: str | None = field(repr=False)
    client: Client
    session_id: UUID
    refresh_hash: str = field(repr=False)
    now: datetime


async def log_in(command: LogIn, store: Store) -> Session:
    """Open a session. Raises InvalidCredentials.

    A provisional code opens one session only, however many ask at once: all of them change the account, so
    all but one run again and find it used. A log-in that is sent again (its session has the same id, because
    the answer was lost) finds its session and gets another refresh token for it.
    """
    attempts, account = await store.attempts(command.nir), await store.account_by_nir(command.nir)
    known = await store.session(command.session_id)
    account, scope, events = accounts.log_in(
        account,
        command.matched,
        session_id=command.session_id,
        channel=command.client.channel,
        failed=attempts.failed_before,
        now=command.now,
    )
    await store.save_attempts(command.nir, attempts.cleared())
    if known:
        known = sessions.of_caller(known, account.person_id, command.now)
        await store.save_refresh_token(RefreshToken(command.refresh_hash, known.id, known.expires_at))
        return known
    opened = sessions.open_session(
        command.session_id,
        account.person_id,
        client=command.client,
        scope=scope,
        rules=store.parameters,
        now=command.now,
    )
    return await save_opened(account, events, opened, command.refresh_hash, store)


@dataclass(frozen=True)
class RefreshSession:
    """A device shows its refresh token and wants the next one."""

    old_hash: str = field(repr=False)
    new_hash: str = field(repr=False)
    now: datetime


async def refresh_session(command: RefreshSession, store: Store) -> Session | None:
    """Continue the session, or None.

    A token that comes twice was copied: by whom cannot be known, so the session ends for both. Unless it
    asks for the very token that it got (the same request, whose answer was lost) and that was not used yet.
    """
    token = await store.refresh_token(command.old_hash)
    session = await store.session(token.session_id) if token else None
    if token is None or session is None or not session.live(command.now):
        return None
    following = await store.refresh_token(command.new_hash)
    if following and following.used_at is None and following.session_id == session.id:
        return session
    if token.used_at is not None:
        ended, revoked = sessions.end([session], session.person_id, command.now)
        await store.save_sessions(ended, *revoked)
        return None
    continued = session.continued(store.parameters, command.now)
    await store.save_sessions([continued])
    await store.save_refresh_token(replace(token, used_at=command.now))
    await store.save_refresh_token(RefreshToken(command.new_hash, session.id, continued.expires_at))
    return continued


@dataclass(frozen=True)
class ListSessions:
    """A person looks at where they are logged in."""

    person_id: UUID
    now: datetime


async def list_sessions(query: ListSessions, store: Store) -> Sequence[Session]:
    """The person's live sessions, the last used first."""
    return await store.live_sessions(query.person_id, query.now)


@dataclass(frozen=True)
class EndSession:
    """A person logs a device out."""

    person_id: UUID
    session_id: UUID
    now: datetime


async def end_session(command: EndSession, store: Store) -> None:
    """End one of the person's sessions. Raises NotFound for any other, whoever it belongs to."""
    found = await store.session(command.session_id)
    if found is None or found.person_id != command.person_id or not found.live(command.now):
        raise NotFound
    ended, revoked = sessions.end([found], command.person_id, command.now)
    await store.save_sessions(ended, *revoked)


async def end_own_session(command: EndSession, store: Store) -> None:
    """Log out; doing it again changes nothing."""
    found = await store.session(command.session_id)
    mine = [found] if found and found.person_id == command.person_id and found.live(command.now) else []
    ended, revoked = sessions.end(mine, command.person_id, command.now)
    await store.save_sessions(ended, *revoked)
