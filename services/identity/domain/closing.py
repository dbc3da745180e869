"""The end of an account: asked for (B12), or since nobody ever opened it (A18), sooner if it is in the way (F09)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.channel import Channel
from contracts.identity import AccountClosed, ClosureReason
from contracts.sealed import Sealed
from services.identity.domain.account import Account
from services.identity.domain.parameters import DAY, Parameters


@dataclass(frozen=True)
class Ended:
    """What is said of an account that ends unopened, and what is `kept` of it, if anything."""

    events: Sequence[AccountClosed]
    kept: Account | None = None


def unopened_until(account: Account) -> datetime | None:
    """Until when a pending account is kept; None for one that was opened.

    As long as its newest code could open it. What is left of a closed one stays while its mails count.
    """
    if not account.pending:
        return None
    if account.closed_at:
        return _counted_until(account)
    return account.provisional.expires_at if account.provisional else account.created_at


def end_unopened(account: Account, now: datetime) -> Ended | None:
    """The end of an account that nobody opened in time, or of what was left of it; None while it is kept.

    Its reader may ask for another at any time. So that closing wipes out no limit, the mails of the last 24 hours are
    kept, without the address.
    """
    until = unopened_until(account)
    if until is None or now < until:
        return None
    if account.closed_at:
        # That was said when it was closed.
        return Ended([])
    rest, closed = give_way(account, now)
    return Ended([closed], rest if now < _counted_until(account) else None)


def _counted_until(account: Account) -> datetime:
    """From when on no mail that asking for it caused counts any more; the first one is not among the `resets`."""
    return max((account.created_at, *account.resets, *account.alerts)) + DAY


def gives_way_at(account: Account, rules: Parameters) -> datetime | None:
    """From when on an account gives its e-mail up to another person who asks for it; None for one that was opened.

    Nobody has proved to read the e-mail of a pending account. Whoever has just given it is about to, though.
    """
    if not account.pending:
        return None
    return account.created_at + rules.minutes("account.address-kept-minutes", account.created_at)


def give_way(account: Account, now: datetime) -> tuple[Account, AccountClosed]:
    """Close a pending account, whose e-mail is free, or becomes somebody else's: its code opens nothing any more."""
    closed = AccountClosed(person_id=account.person_id, reason=ClosureReason.NEVER_OPENED, closed_at=now)
    return replace(account, provisional=None, frozen_at=None, closed_at=now), closed


def close(account: Account, email: Sealed | None, channel: Channel, now: datetime) -> AccountClosed:
    """What is said of an account that its owner closes; at `email`, if that was validated, the owner is told."""
    return AccountClosed(
        person_id=account.person_id, reason=ClosureReason.ASKED, closed_at=now, channel=channel, email=email
    )
