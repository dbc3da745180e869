"""Before a change with which a thief would keep the account: is it still the person who logged in?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.domain import throttle
from services.identity.domain.access_code import AccessCode
from services.identity.domain.account import Account
from services.identity.domain.session import Session
from services.identity.domain.step_up import check_step_up
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class BeginStepUp:
    """A person is about to change how the account is reached; `current_code` is the one they have, if they gave it."""

    person_id: UUID
    current_code: AccessCode | None
    now: datetime


async def begin_step_up(command: BeginStepUp, store: Store) -> tuple[str | None, ...]:
    """The hashes to compare the current code with, once the attempt is counted. Raises TooManyAttempts.

    A stolen session must not find out the code by trying; its attempts are counted apart from those at log-in.
    """
    if command.current_code is None:
        return ()
    attempts, _ = throttle.count_attempt(await store.attempts(command.person_id), 0, store.parameters, command.now)
    await store.save_attempts(command.person_id, attempts)
    account = await store.account(command.person_id)
    return (account.own_code,) if account else (None,)


async def step_up(
    current: Session, account: Account, matched: str | None, *, given: bool, store: Store, now: datetime
) -> None:
    """Let the person of this session go on; a right code makes the attempts free again, a wrong one never does.

    Raises CodeRefused, FreshLogInRequired.
    """
    check_step_up(current, account, matched, given=given, rules=store.parameters, now=now)
    if matched is not None and matched == account.own_code:
        attempts = await store.attempts(account.person_id)
        await store.save_attempts(account.person_id, attempts.cleared())
