"""Logging in with a code: what it proves, and what the owner hears of wrong ones (domain F15, F21, 3.4)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from contracts.event import Event
from contracts.identity import AccountReopened, LogInBlocked, LogInWay
from services.identity.domain import throttle
from services.identity.domain.account import Account, Decision, InvalidCredentials, within_a_day
from services.identity.domain.parameters import Parameters
from services.identity.domain.reach import mail_read
from services.identity.domain.session import Session
from services.identity.domain.throttle import Attempts, Judged

# Whose account is looked for when a number is nobody's, so that it takes as long.
NOBODY = UUID(int=0)


class Proof(Enum):
    """What somebody proved by a code: to know the own one, or to read the e-mail that brought the other."""

    OWN_CODE = auto()
    PROVISIONAL_CODE = auto()


@dataclass(frozen=True)
class Begun:
    """An attempt that may be judged.

    `candidates` are the hashes its code is compared with, as many for an unknown number; `own` is the one of the
    own code, where that may open the account. `attempt` is which own code on the number, or on this device where it is
    `known`, this is; 0 where only a provisional one is judged.
    """

    candidates: tuple[str | None, ...] = field(repr=False)
    own: str | None = field(repr=False)
    attempt: int
    known: bool

    def challenges(self, matched: str | None) -> bool:
        """Whether a second code is needed after this first one."""
        return not self.known and matched is not None and matched == self.own


def begin(account: Account | None, attempts: Attempts, judged: Judged, *, known: bool) -> Begun:
    """With what the code is compared: what is judged decides that, never whether there is an account."""
    own = account.own_code if account else None
    provisional = account.provisional.hash if account and account.provisional else None
    frozen = account is not None and account.frozen_at is not None
    compared = (own,) * judged.own + (provisional,) * judged.provisional
    attempt = attempts.own.count if judged.own else 0
    return Begun(compared, None if frozen or not judged.own else own, attempt, known)


def proof(account: Account, matched: str | None, session_id: UUID, now: datetime) -> Proof | None:
    """What the code whose hash matched proves; None for nothing.

    A hash that is no longer the account's was replaced meanwhile. A provisional code opens one session, however
    often that log-in is sent. A frozen account opens for a provisional code alone, which came by e-mail.
    """
    if matched is None:
        return None
    if matched == account.own_code:
        return None if account.frozen_at else Proof.OWN_CODE
    code = account.provisional
    if code is None or matched != code.hash or code.expires_at <= now or code.used_in not in {None, session_id}:
        return None
    return Proof.PROVISIONAL_CODE


def let_in(session: Session | None) -> Session:
    """The session. Raises InvalidCredentials when there is none: the refusal comes after what caused it was stored."""
    if session is None:
        raise InvalidCredentials
    return session


def use_provisional(account: Account, session_id: UUID, now: datetime) -> Decision:
    """Use up the provisional code: it validates the e-mail, replaces the own code and reopens a frozen account."""
    events: list[Event] = []
    if account.frozen_at:
        events.append(AccountReopened(person_id=account.person_id, reopened_at=now, way=LogInWay.CODE))
    read, told = mail_read(account, now)
    used = replace(account.provisional, used_in=session_id) if account.provisional else None
    after = replace(
        read,
        provisional=used,
        own_code=None,
        challenge=None,
        frozen_at=None,
        reopened_at=now if account.frozen_at else account.reopened_at,
    )
    return after, [*events, *told]


def tell_of_block(account: Account, attempt: int, attempts: Attempts, rules: Parameters, now: datetime) -> Decision:
    """Tell the owner when wrong codes begin to make whoever types them wait, and when none is judged any more.

    Said by the one attempt that caused it, the last of these, at most three times a day, to a validated e-mail.
    """
    causes = {rules.get("attempts.free", now), rules.get("attempts.stop", now)}
    recent = within_a_day(account.blocks, now)
    if attempt not in causes or account.email_validated_at is None:
        return account, []
    if len(recent) >= rules.get("mail.alerts-a-day", now):
        return account, []
    blocked = LogInBlocked(
        person_id=account.person_id,
        failed_attempts=attempt,
        until=throttle.blocked_until(attempts, rules, now),
        blocked_at=now,
    )
    return replace(account, blocks=(*recent, now)), [blocked]
