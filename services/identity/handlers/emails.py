"""Changing the e-mail address: asking for it, and validating it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.identity import AttemptReason
from contracts.problems import Unauthenticated
from services.identity.domain import closing, emails, session
from services.identity.domain.account import tell_owner
from services.identity.domain.emails import EXPIRED, Proposal
from services.identity.domain.links import LinkExpired
from services.identity.domain.step_up import check_step_up
from services.identity.handlers.mailing import may_write_to
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class ChangeEmail:
    """A person wants another address; `matched` is the hash that the current code matched, if it was given."""

    person_id: UUID
    session_id: UUID
    proposal: Proposal
    current_given: bool
    matched: str | None = field(repr=False)
    now: datetime


async def change_email(command: ChangeEmail, store: Store) -> None:
    """Write to the new address, and tell the present one; it stays the account's until the new one is validated.

    Raises CodeRefused for a missing or wrong current code, and TooManyEmailChanges.
    """
    current = session.of_caller(await store.session(command.session_id), command.person_id, command.now)
    account = await store.account(command.person_id)
    if account is None:
        raise Unauthenticated
    rules = store.parameters
    check_step_up(current, account, command.matched, given=command.current_given, rules=rules, now=command.now)
    await request_email(command.person_id, command.proposal, command.now, store)


async def request_email(person_id: UUID, proposal: Proposal, now: datetime, store: Store) -> None:
    """Let an address wait to be validated as a person's; the one they have already changes nothing.

    For use inside another use case too. The owner of an address that is taken is told; an account that nobody
    opened takes none. Raises TooManyEmailChanges.
    """
    holder = await store.account_by_email(proposal.email)
    if holder and holder.person_id == person_id:
        return
    recent = await store.email_changes(person_id, emails.looked_back(store.parameters, now))
    owner = holder if holder and not holder.pending else None
    free = owner is None and await may_write_to(proposal.email, store, now)
    changes, asked = emails.request(person_id, proposal, recent, free=free, rules=store.parameters, now=now)
    await store.save_email_changes(changes, asked)
    if owner:
        owner, told = tell_owner(owner, AttemptReason.EMAIL_TAKEN, store.parameters, now)
        if told:
            await store.save_account(owner, *told)


@dataclass(frozen=True)
class ValidateEmail:
    """Somebody followed the link that was sent to a new address."""

    token_hash: str = field(repr=False)
    now: datetime


async def validate_email(command: ValidateEmail, store: Store) -> None:
    """Make it the account's address. Raises LinkExpired, or EmailTaken when it became another account's meanwhile.

    An account that nobody opened gives way. Of two that validate one address at once, the second meets the unique
    index, runs again and finds the first.
    """
    change = await store.email_change(command.token_hash)
    if change is None:
        raise LinkExpired(EXPIRED)
    holder = await store.account_by_email(change.email)
    account, ended, events = emails.validate(await store.account(change.person_id), change, holder, command.now)
    await store.save_email_changes([ended])
    if holder and holder.person_id != account.person_id:
        await store.save_account_without_email(*closing.give_way(holder, command.now))
    await store.save_account(account, *events, email=change.email)
