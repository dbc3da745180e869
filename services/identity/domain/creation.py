"""Who gets an account, and who is told instead that somebody asked for one (domain F09, F25, F26)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.event import Event
from contracts.identity import AttemptReason, CreationWay
from contracts.sealed import Sealed
from services.identity.domain.access_code import IssuedCode
from services.identity.domain.account import Account, create, renew_unused, tell_owner
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import Parameters


@dataclass(frozen=True)
class Letter:
    """What a new account's first e-mail needs: where it goes and the code it brings, sealed to whoever sends it."""

    email: Sealed
    issued: IssuedCode


def ask_for_account(
    person: InsuredPerson,
    account: Account | None,
    holder: Account | None,
    letter: Letter,
    *,
    way: CreationWay,
    rules: Parameters,
    now: datetime,
) -> tuple[Account, Sequence[Event], bool]:
    """Create an account, or do what its owner, or the owner of the e-mail, needs instead.

    `account` is the person's, `holder` is whose e-mail was given. An account that nobody ever opened gets a
    new first code; with another e-mail (the first was mistyped) it starts over once its code has expired.
    The last part of the result says whether the account takes the given e-mail.
    """
    if account and not account.pending:
        return *tell_owner(account, AttemptReason.ACCOUNT_EXISTS, rules, now), False
    of_another = holder is not None and holder.person_id != person.id
    if account and (not account.abandoned(now) or (holder and not of_another)):
        return *renew_unused(account, letter.issued, rules, now), False
    if holder and of_another:
        return *tell_owner(holder, AttemptReason.EMAIL_TAKEN, rules, now), False
    created, events = create(person, letter.email, letter.issued, way=way, rules=rules, now=now)
    return replace(created, version=account.version if account else 0), events, True
