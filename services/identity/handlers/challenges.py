"""The second code of a device that is not known: asking for it, answering it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.identity import LogInWay
from contracts.problems import Unauthenticated
from services.identity.domain import challenge as challenges
from services.identity.domain import session as sessions
from services.identity.domain.account import Account, record_log_in
from services.identity.domain.challenge import Challenge, Letter
from services.identity.domain.reach import mail_read
from services.identity.domain.session import Client, RefreshToken, Scope, Session
from services.identity.handlers.devices import Visit, clear_attempts, device_for, make_known
from services.identity.handlers.opening import save_opened
from services.identity.handlers.ports import Store


async def challenge_device(account: Account, letter: Letter, visit: Visit, store: Store, now: datetime) -> Challenge:
    """Ask for a second code, once: a log-in that is sent again finds its challenge, for as long as it can be answered.

    Raises TooManyAttempts.
    """
    sent = await store.challenge(letter.id_hash)
    if sent and sent.person_id != account.person_id:
        raise Unauthenticated
    if sent and now < sent.expires_at:
        return sent
    device = await device_for(visit, store, now)
    account, asked, told = challenges.challenge(
        account, letter, device=device, client=visit.client, rules=store.parameters, now=now
    )
    await store.save_account(account, told)
    await store.save_challenge(replace(asked, version=sent.version) if sent else asked)
    return asked


@dataclass(frozen=True)
class BeginAnswer:
    """Somebody typed a second code."""

    id_hash: str = field(repr=False)
    client: Client
    session_id: UUID
    now: datetime


async def begin_answer(command: BeginAnswer, store: Store) -> str | None:
    """The hash to compare the code with, once the try is counted; None for a challenge that is not open."""
    counted = challenges.count_try(
        await store.challenge(command.id_hash),
        command.client,
        session_id=command.session_id,
        rules=store.parameters,
        now=command.now,
    )
    if counted is None:
        return None
    await store.save_challenge(counted)
    return counted.code


@dataclass(frozen=True)
class AnswerChallenge:
    """The second code was compared with `compared`, a hash if its challenge was open; `matched` is that hash, or None.

    `remember` is the person's choice.
    """

    id_hash: str = field(repr=False)
    compared: str | None = field(repr=False)
    matched: str | None = field(repr=False)
    session_id: UUID
    refresh_hash: str = field(repr=False)
    now: datetime
    remember: bool = True


async def answer_challenge(command: AnswerChallenge, store: Store) -> Session | None:
    """Open the session, and make the device known if it may be; or None, and a wrong code is noted for the owner.

    A challenge opens one session, however many ask at once; sent again, the answer finds that session.
    """
    asked = await store.challenge(command.id_hash)
    account = await store.account(asked.person_id) if asked else None
    session_id, now = command.session_id, command.now
    if asked is None or account is None:
        return None
    if not challenges.passes(asked, account, command.matched, session_id=session_id, now=now):
        if command.compared is not None and command.matched is None:
            await _note_wrong_code(account.person_id, store)
        return None
    opened = await store.session(session_id)
    if opened:
        opened = sessions.of_caller(opened, account.person_id, now)
        await store.save_refresh_token(RefreshToken(command.refresh_hash, opened.id, opened.expires_at))
        return opened
    return await _enter(asked, account, command, store)


async def _note_wrong_code(person_id: UUID, store: Store) -> None:
    """The owner hears of it at the next log-in; whoever types it waits for nothing, since the challenge counts it."""
    nir = await store.nir(person_id)
    await store.save_attempts(nir, (await store.attempts(nir)).elsewhere())


async def _enter(asked: Challenge, account: Account, command: AnswerChallenge, store: Store) -> Session:
    session_id, now = command.session_id, command.now
    await store.save_challenge(replace(asked, used_in=session_id))
    if command.remember:
        await make_known(asked.device, account.person_id, asked.client, store, now)
    failed = await clear_attempts(account.person_id, store)
    account, validated = mail_read(account, now)
    account, told = record_log_in(
        account, session_id, channel=asked.client.channel, way=LogInWay.CODE, failed=failed, now=now
    )
    session = sessions.open_session(
        session_id,
        account.person_id,
        client=asked.client,
        scope=Scope.FULL,
        rules=store.parameters,
        now=now,
        device=asked.device if command.remember else None,
        remembered=command.remember,
    )
    return await save_opened(account, [*validated, told], session, command.refresh_hash, store)
