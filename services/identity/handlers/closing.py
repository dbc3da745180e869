"""Closing accounts that nobody ever opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.domain import closing
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class FindUnopened:
    """Which accounts are to be closed; at most so many at a time."""

    most: int
    now: datetime


async def find_unopened(query: FindUnopened, store: Store) -> Sequence[UUID]:
    """Whose accounts nobody opened in time."""
    return await store.unopened(closing.closes_when_unopened_until(store.parameters, query.now), query.most)


@dataclass(frozen=True)
class CloseUnopened:
    """An account that was found to be unopened."""

    person_id: UUID
    now: datetime


async def close_unopened(command: CloseUnopened, store: Store) -> bool:
    """Remove the account, unless it was opened or closed meanwhile; its e-mail address is free again."""
    account = await store.account(command.person_id)
    events = closing.close_unopened(account, store.parameters, command.now) if account else None
    if account is None or events is None:
        return False
    await store.remove_account(account, *events)
    return True
