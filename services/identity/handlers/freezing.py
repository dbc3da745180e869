"""Closing an account in which somebody else acts."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.domain import freezing
from services.identity.domain.freezing import EXPIRED, FreezeLink
from services.identity.domain.links import LinkExpired
from services.identity.handlers.ports import Store
from services.identity.handlers.voiding import void_ways_in


@dataclass(frozen=True)
class FreezeAccount:
    """Somebody followed the link “ce n'est pas moi” of a mail, and meant it."""

    link: FreezeLink
    now: datetime


async def freeze_account(command: FreezeAccount, store: Store) -> None:
    """Close the account: codes, devices, passkeys and proposed addresses are void, sessions end.

    Again while it is closed changes nothing. Raises LinkExpired for a link from before the account was reopened,
    and for one whose account is gone.
    """
    account = await store.account(command.link.person_id)
    used = await store.link_used(command.link.id)
    if account is None or not command.link.opens(account) or (used and account.frozen_at is None):
        raise LinkExpired(EXPIRED)
    if not used:
        await store.save_link_use(command.link.id)
    if account.frozen_at is None:
        frozen, told = freezing.freeze(account, command.now)
        await store.save_account(frozen, told)
        await void_ways_in(account.person_id, command.now, store)
