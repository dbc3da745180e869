"""Whether the account's e-mail takes mail, and what shows that it does or does not (domain F22, F23)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.event import Event
from contracts.identity import EmailFoundDead, EmailValidated
from services.identity.domain.account import Account, Decision

# What is wrong with the address: it came back, its reader wants no more, or the server knows no such mailbox (RFC 5321
# 4.2.3, RFC 7504). Every other refusal may be about the mail, or about whoever sends it.
OF_THE_ADDRESS = {"bounce", "complaint", "invalid-address", *(f"smtp-{code}" for code in (521, 550, 551, 553, 556))}


@dataclass(frozen=True)
class FailedMail:
    """A mail that reached nobody. `address_since`: since when its address was the account's, if it was."""

    reason: str
    address_since: datetime | None
    at: datetime


def mail_failed(account: Account, mail: FailedMail) -> Decision:
    """The account, whose address is dead if this mail shows it.

    It does not if it went to another address, before a move or before a validation, nor if somebody has proved since
    to read the present one.
    """
    present = account.email_changed_at or account.created_at
    read_since = account.email_validated_at is not None and account.email_validated_at >= mail.at
    about_it = mail.address_since == present and mail.reason in OF_THE_ADDRESS
    if account.email_dead_since or read_since or not about_it:
        return account, []
    return replace(account, email_dead_since=mail.at), [EmailFoundDead(person_id=account.person_id, found_at=mail.at)]


def mail_read(account: Account, now: datetime) -> Decision:
    """The account once a code that came by mail was used: its address is validated, and alive."""
    new = account.email_validated_at is None or account.email_dead_since is not None
    told: Sequence[Event] = [EmailValidated(person_id=account.person_id, validated_at=now)] if new else []
    return replace(account, email_validated_at=now, email_dead_since=None), told
