"""The end of an account: asked for (B12), or since nobody ever opened it (A18), sooner if it is in the way (F09)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from contracts.channel import Channel
from contracts.identity import AccountClosed, ClosureReason
from contracts.sealed import Sealed
from services.identity.domain.account import Account
from services.identity.domain.parameters import Parameters


def unopened_until(account: Account) -> datetime | None:
    """Until when a pending account could be opened by its code; None for one that was opened."""
    if not account.pending:
        return None
    if account.closed_at:
        return account.closed_at
    return account.provisional.expires_at if account.provisional else account.created_at


def closes_when_unopened_until(rules: Parameters, now: datetime) -> datetime:
    """An account that nobody opened until then is closed now: its owner had time to ask for another code."""
    return now - rules.minutes("account.unopened-kept-minutes", now)


def close_unopened(account: Account, rules: Parameters, now: datetime) -> Sequence[AccountClosed] | None:
    """What to say when an account that nobody opened in time is removed; None while it is kept.

    Nothing of one that gave way: that was said then.
    """
    until = unopened_until(account)
    if until is None or until > closes_when_unopened_until(rules, now):
        return None
    return [] if account.closed_at else [_closed(account, now)]


def gives_way_at(account: Account, rules: Parameters) -> datetime | None:
    """From when on an account gives its e-mail up to another person who asks for it; None for one that was opened.

    Nobody has proved to read the e-mail of a pending account. Whoever has just given it is about to, though.
    """
    if not account.pending:
        return None
    return account.created_at + rules.minutes("account.address-kept-minutes", account.created_at)


def give_way(account: Account, now: datetime) -> tuple[Account, AccountClosed]:
    """Close a pending account whose e-mail becomes somebody else's: its code opens nothing any more."""
    return replace(account, provisional=None, frozen_at=None, closed_at=now), _closed(account, now)


def _closed(account: Account, now: datetime) -> AccountClosed:
    return AccountClosed(person_id=account.person_id, reason=ClosureReason.NEVER_OPENED, closed_at=now)


def close(account: Account, email: Sealed | None, channel: Channel, now: datetime) -> AccountClosed:
    """What is said of an account that its owner closes; at `email`, if that was validated, the owner is told."""
    return AccountClosed(
        person_id=account.person_id, reason=ClosureReason.ASKED, closed_at=now, channel=channel, email=email
    )
