"""Who gets an account, and who is told instead that somebody asked for one (domain F09, F25, F26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.event import Event
from contracts.identity import AccountClosed, AttemptReason, CreationWay
from services.identity.domain.account import Account, Letter, create, renew_unused, tell_owner
from services.identity.domain.closing import give_way, gives_way_at
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import Parameters


@dataclass(frozen=True)
class Asked:
    """What asking for an account comes to: which account changes, and what is said; nothing changes without events.

    `takes_email`: it is reached at the given e-mail from now on. `gave_way` is who had that one before, closed.
    """

    account: Account
    events: Sequence[Event]
    takes_email: bool = False
    gave_way: tuple[Account, AccountClosed] | None = None


def ask_for_account(
    person: InsuredPerson,
    account: Account | None,
    holder: Account | None,
    letter: Letter,
    *,
    way: CreationWay,
    rules: Parameters,
    now: datetime,
) -> Asked:
    """Create an account, or do what its owner, or the owner of the e-mail, needs instead.

    `account` is the person's, `holder` is whose e-mail was given. An account that nobody ever opened gets a
    new first code, or, with another e-mail (the first was mistyped), starts over at once: the newest wins.
    Another person's account that nobody opened does not keep its e-mail for long.
    """
    if account and not account.pending:
        return Asked(*tell_owner(account, AttemptReason.ACCOUNT_EXISTS, rules, now))
    if account and holder and holder.person_id == person.id:
        return Asked(*renew_unused(account, letter.issued, rules, now))
    if holder:
        free_at = gives_way_at(holder, rules)
        if free_at is None or now < free_at:
            told = tell_owner(holder, AttemptReason.EMAIL_TAKEN, rules, now, address_free_at=free_at)
            return Asked(*told)
    freed = holder is not None
    created, events = create(person, account, letter, way=way, freed=freed, rules=rules, now=now)
    return Asked(created, events, takes_email=True, gave_way=give_way(holder, now) if holder else None)
