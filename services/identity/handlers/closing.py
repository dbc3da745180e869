"""Closing accounts: those that nobody ever opened, and any whose owner asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.problems import Unauthenticated
from contracts.sealed import Sealed
from services.identity.domain import closing, session
from services.identity.domain.step_up import check_step_up
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class FindUnopened:
    """Which accounts are to be closed; at most so many at a time."""

    most: int
    now: datetime


async def find_unopened(query: FindUnopened, store: Store) -> Sequence[UUID]:
    """Whose accounts nobody opened in time."""
    return await store.unopened(query.now, query.most)


@dataclass(frozen=True)
class CloseUnopened:
    """An account that was found to be unopened."""

    person_id: UUID
    now: datetime


async def close_unopened(command: CloseUnopened, store: Store) -> bool:
    """Remove the account, unless it was opened or closed meanwhile; its e-mail address is free again."""
    account = await store.account(command.person_id)
    ended = closing.end_unopened(account, command.now) if account else None
    if account is None or ended is None:
        return False
    if ended.kept:
        await store.save_account_without_email(ended.kept, *ended.events)
    else:
        await store.remove_account(account, *ended.events)
    return True


@dataclass(frozen=True)
class CloseAccount:
    """A person wants no account any more; `matched` is the hash that the current code matched, if it was given.

    `seal` closes an address to whoever writes to it.
    """

    person_id: UUID
    session_id: UUID
    current_given: bool
    matched: str | None = field(repr=False)
    seal: Callable[[str], Sealed] = field(repr=False)
    now: datetime


async def close_account(command: CloseAccount, store: Store) -> None:
    """Remove the account and all that opens it; its e-mail address is free, and the person may have another account.

    The register, the counters of what strangers tried, and the log of who did what are not the account's: they stay.
    Raises CodeRefused for a missing or wrong current code, or FreshLogInRequired.
    """
    person_id, now = command.person_id, command.now
    current = session.of_caller(await store.session(command.session_id), person_id, now)
    account = await store.account(person_id)
    if account is None:
        raise Unauthenticated
    check_step_up(current, account, command.matched, given=command.current_given, rules=store.parameters, now=now)
    address = await store.email(person_id) if account.email_validated_at else None
    email = command.seal(address.address) if address else None
    _, revoked = session.end(await store.live_sessions(person_id, now), person_id, now)
    await store.remove_sessions(person_id, *revoked)
    await _forget_ways_in(person_id, store)
    await store.remove_account(account, closing.close(account, email, current.client.channel, now))


async def _forget_ways_in(person_id: UUID, store: Store) -> None:
    await store.forget_devices(person_id)
    await store.remove_passkeys(person_id)
    await store.forget_links(person_id)
    await store.forget_email_changes(person_id)
    await store.forget_attempts(person_id)
