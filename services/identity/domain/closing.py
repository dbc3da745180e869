"""Accounts that nobody ever opened, and their end (reliability A18)."""

from datetime import datetime

from contracts.identity import AccountClosed, ClosureReason
from services.identity.domain.account import Account
from services.identity.domain.parameters import Parameters


def unopened_until(account: Account) -> datetime | None:
    """Until when a pending account can be opened by its code; None for one that was opened."""
    if not account.pending:
        return None
    return account.provisional.expires_at if account.provisional else account.created_at


def closes_when_unopened_until(rules: Parameters, now: datetime) -> datetime:
    """An account that nobody opened until then is closed now: its owner had time to ask for another code."""
    return now - rules.minutes("account.unopened-kept-minutes", now)


def close_unopened(account: Account, rules: Parameters, now: datetime) -> AccountClosed | None:
    """Close an account that nobody opened in time; None while it may still be opened, or was."""
    until = unopened_until(account)
    if until is None or until > closes_when_unopened_until(rules, now):
        return None
    return AccountClosed(person_id=account.person_id, reason=ClosureReason.NEVER_OPENED, closed_at=now)
