"""Logging in, staying in, logging out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.identity import LogInWay
from contracts.problems import NotFound
from services.identity.domain import log_in as logging_in
from services.identity.domain import session as sessions
from services.identity.domain import throttle
from services.identity.domain.access_code import AccessCode, IssuedCode
from services.identity.domain.account import Account, record_log_in
from services.identity.domain.challenge import Challenge, Letter
from services.identity.domain.device import Device, Shown
from services.identity.domain.log_in import NOBODY, Begun, Proof
from services.identity.domain.nir import Nir
from services.identity.domain.session import RefreshToken, Scope, Session
from services.identity.domain.throttle import Attempts
from services.identity.handlers.challenges import challenge_device
from services.identity.handlers.devices import Visit, known_device, remember_device
from services.identity.handlers.opening import save_opened
from services.identity.handlers.ports import Store
from services.identity.handlers.telling import tell_of_block
from services.identity.handlers.waiting import count_awaited

MOST_LISTED = 100


@dataclass(frozen=True)
class BeginLogIn:
    """Somebody typed a number and a code, on the device that was shown; `waiting`: the request they made for a code."""

    nir: Nir
    code: AccessCode
    shown: Shown | None
    now: datetime
    waiting: UUID | None = None


async def begin_log_in(command: BeginLogIn, store: Store) -> Begun:
    """Count the attempt before anything is compared, and say with which hashes to compare the code.

    A known device counts for itself: nobody else can use up its attempts, and it is forgotten when they are. So does
    whoever waits for a code, once strangers have blocked the number. Reads and writes alike for a known and an unknown
    number. Raises TooManyAttempts.
    """
    rules, now = store.parameters, command.now
    person_id = await store.person_id(command.nir) or NOBODY
    device = await known_device(person_id, command.shown, store, now)
    tried = device.attempts if device else await store.attempts(command.nir)
    blocked = device is None and not throttle.judges_own(tried, rules, now)
    if blocked and (alone := await count_awaited(command.waiting, command.nir, command.code, store, now)):
        return logging_in.begin(await store.account(person_id), alone, throttle.Judged(False, True), known=False)
    attempts, judged = throttle.count_attempt(tried, command.code.digit_count, rules, now)
    if device is None:
        await store.save_attempts(command.nir, attempts)
    elif throttle.stopped(attempts, rules, now):
        await store.forget_device(device)
    else:
        await store.save_device(replace(device, attempts=attempts))
    return logging_in.begin(await store.account(person_id), attempts, judged, known=device is not None)


@dataclass(frozen=True)
class LogIn:
    """The code was compared; `matched` is the hash it belongs to, or None.

    `second` is the second code, drawn if one is needed, for the challenge whose id has that hash; `rehashed` is
    what to store of the own code instead, if its hash is out of date.
    """

    nir: Nir
    begun: Begun
    matched: str | None = field(repr=False)
    visit: Visit
    session_id: UUID
    refresh_hash: str = field(repr=False)
    challenge_hash: str = field(repr=False)
    second: IssuedCode | None
    rehashed: str | None = field(repr=False)
    now: datetime


async def log_in(command: LogIn, store: Store) -> Session | Challenge | None:
    """Open a session; or ask for a second code, where the device is not known; or None, for a wrong code.

    A provisional code opens one session only, however many ask at once: all of them change the account, so
    all but one run again and find it used. A log-in that is sent again (its session has the same id, because
    the answer was lost) finds its session and gets another refresh token for it. Raises TooManyAttempts when
    too many second codes were sent.
    """
    now, matched = command.now, command.matched
    person_id = await store.person_id(command.nir) or NOBODY
    account, attempts = await store.account(person_id), await store.attempts(command.nir)
    device = await known_device(person_id, command.visit.shown, store, now)
    proven = logging_in.proof(account, matched, command.session_id, now) if account else None
    if account is None or proven is None:
        if account:
            await _note_wrong_code(account, attempts, device, command, store)
        return None
    if proven is Proof.PROVISIONAL_CODE or device:
        return await _enter(command, store, account=account, proven=proven, attempts=attempts, device=device)
    if command.second is None:
        return None
    await store.save_attempts(command.nir, attempts.right())
    account = replace(account, own_code=command.rehashed or account.own_code)
    letter = Letter(command.challenge_hash, command.second)
    return await challenge_device(account, letter, command.visit, store, now)


async def _enter(
    command: LogIn, store: Store, *, account: Account, proven: Proof, attempts: Attempts, device: Device | None
) -> Session:
    now, session_id = command.now, command.session_id
    provisional = proven is Proof.PROVISIONAL_CODE
    if provisional or attempts.failed:
        await store.save_attempts(command.nir, attempts.cleared() if provisional else attempts.told())
    if opened := await store.session(session_id):
        opened = sessions.of_caller(opened, account.person_id, now)
        if device:
            await store.save_device(device.used(now))
        await store.save_refresh_token(RefreshToken(command.refresh_hash, opened.id, opened.expires_at))
        return opened
    here = await remember_device(account.person_id, command.visit, store, now)
    account, events = (
        logging_in.use_provisional(account, session_id, now)
        if provisional
        else (replace(account, own_code=command.rehashed or account.own_code), [])
    )
    client = command.visit.client
    failed = attempts.failed if command.begun.known else attempts.right().failed
    account, told = record_log_in(
        account, session_id, channel=client.channel, way=LogInWay.CODE, failed=failed, now=now
    )
    session = sessions.open_session(
        session_id,
        account.person_id,
        client=client,
        scope=Scope.CODE_CHANGE if provisional else Scope.FULL,
        rules=store.parameters,
        now=now,
        device=here.device_id,
        remembered=here.new,
    )
    return await save_opened(account, [*events, told], session, command.refresh_hash, store)


async def _note_wrong_code(
    account: Account, on_number: Attempts, device: Device | None, command: LogIn, store: Store
) -> None:
    """What the owner hears of: at once of a block, and of every wrong code at the next log-in."""
    counted = on_number
    if command.begun.known:
        await store.save_attempts(command.nir, on_number.elsewhere())
        if device is None:
            # Forgotten with its last attempt: from now on it waits like any other.
            return
        counted = device.attempts
    await tell_of_block(account, command.begun.attempt, counted, store, command.now)


@dataclass(frozen=True)
class RefreshSession:
    """A device shows its refresh token and wants the next one."""

    old_hash: str = field(repr=False)
    new_hash: str = field(repr=False)
    now: datetime


async def refresh_session(command: RefreshSession, store: Store) -> Session | None:
    """Continue the session, or None: it is over, or the account is frozen.

    A token that comes twice was copied: by whom cannot be known, so the session ends for both, its device is not
    known any more, and the owner is told. Unless it asks for the very token that it got (the same request, whose
    answer was lost) and that was not used yet.
    """
    token = await store.refresh_token(command.old_hash)
    session = await store.session(token.session_id) if token else None
    if token is None or session is None or not session.live(command.now):
        return None
    account = await store.account(session.person_id)
    if account is None or account.frozen_at:
        return None
    following = await store.refresh_token(command.new_hash)
    if following and following.used_at is None and following.session_id == session.id:
        return session
    if token.used_at is not None:
        await _end_copied(session, store, command.now)
        return None
    continued = session.continued(store.parameters, command.now)
    await store.save_sessions([continued])
    await store.save_refresh_token(replace(token, used_at=command.now))
    await store.save_refresh_token(RefreshToken(command.new_hash, session.id, continued.expires_at))
    return continued


async def _end_copied(session: Session, store: Store, now: datetime) -> None:
    ended, revoked = sessions.end([session], session.person_id, now, copied=True)
    await store.save_sessions(ended, *revoked)
    device = await store.device(session.device, session.person_id) if session.device else None
    if device:
        await store.forget_device(device)


@dataclass(frozen=True)
class ListSessions:
    """A person looks at where they are logged in."""

    person_id: UUID
    now: datetime


async def list_sessions(query: ListSessions, store: Store) -> Sequence[Session]:
    """The person's live sessions, the last used first."""
    return (await store.live_sessions(query.person_id, query.now))[:MOST_LISTED]


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


@dataclass(frozen=True)
class EndSessions:
    """A person logs out everywhere."""

    person_id: UUID
    now: datetime


async def end_sessions(command: EndSessions, store: Store) -> None:
    """End all sessions of the person, the one that asks included."""
    live = await store.live_sessions(command.person_id, command.now)
    ended, revoked = sessions.end(live, command.person_id, command.now)
    await store.save_sessions(ended, *revoked)
