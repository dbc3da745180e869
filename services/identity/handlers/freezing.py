"""Closing an account in which somebody else acts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.domain import emails, freezing, session
from services.identity.domain.freezing import EXPIRED, FreezeLink
from services.identity.domain.links import LinkExpired
from services.identity.handlers.ports import Store


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
        await _void(account.person_id, command.now, store)


async def _void(person_id: UUID, now: datetime, store: Store) -> None:
    """Take away whatever would let somebody in."""
    ended, revoked = session.end(await store.live_sessions(person_id, now), person_id, now)
    await store.save_sessions(ended, *revoked)
    await store.forget_devices(person_id)
    await store.remove_passkeys(person_id)
    changes = await store.email_changes(person_id, emails.looked_back(store.parameters, now))
    await store.save_email_changes(emails.give_up(changes, now))
