"""The account (compte): how it comes to be, how its codes are replaced and used (domain F20 to F28, 3.4, 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.channel import Channel
from contracts.event import Event
from contracts.identity import (
    AccountCreated,
    AccountCreationAttempted,
    AttemptReason,
    CodeChosen,
    CodeReset,
    CreationWay,
    LoggedIn,
    LogIn,
    LogInWay,
    ResetReason,
)
from contracts.problems import Problem, Text
from contracts.sealed import Sealed
from services.identity.domain.access_code import CodeRefused, IssuedCode
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import DAY, Parameters


@dataclass(frozen=True)
class ProvisionalCode:
    """A code that was sent by e-mail. It opens one session, until it expires; `used_in` is that session."""

    hash: str = field(repr=False)
    expires_at: datetime
    used_in: UUID | None = None


@dataclass(frozen=True)
class Account:
    """The account of one insured person. Its e-mail, if it has one, is kept beside it, and read only to be shown.

    `resets`, `alerts`, `blocks` and `challenges` are when e-mails were sent that a stranger could have caused; each
    kind is capped by itself, so that none keeps another from its reader. `challenge` is the newest challenge's hash.
    `failed_before` counts the wrong codes between the last log-in and `previous_log_in`. A frozen account opens
    for nobody until its owner proves who they are. One that was closed was never opened, and has no e-mail any more;
    it is kept while mails of the last 24 hours count, so that asking again is counted. `email_validated_at` is when
    somebody last proved to read the e-mail, `email_dead_since` when it turned out to take no mail.
    """

    person_id: UUID
    created_at: datetime
    provisional: ProvisionalCode | None = None
    own_code: str | None = field(default=None, repr=False)
    email_validated_at: datetime | None = None
    email_changed_at: datetime | None = None
    email_dead_since: datetime | None = None
    last_log_in: LogIn | None = None
    previous_log_in: LogIn | None = None
    failed_before: int = 0
    franceconnect_at: datetime | None = None
    frozen_at: datetime | None = None
    reopened_at: datetime | None = None
    closed_at: datetime | None = None
    resets: tuple[datetime, ...] = ()
    alerts: tuple[datetime, ...] = ()
    blocks: tuple[datetime, ...] = ()
    challenges: tuple[datetime, ...] = ()
    challenge: str | None = field(default=None, repr=False)
    version: int = 0

    @property
    def pending(self) -> bool:
        """Whether nobody ever opened it: no code was used, and FranceConnect did not vouch for anybody."""
        return self.email_validated_at is None and self.franceconnect_at is None


Decision = tuple[Account, Sequence[Event]]


class InvalidCredentials(Problem):
    """One answer for an unknown NIR, a wrong code and an expired one, so that it tells them apart for nobody."""

    status = 401
    title = Text("Numéro de sécurité sociale ou code incorrect", "Wrong social security number or code")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Vérifiez les deux, ou demandez un nouveau code avec « Code oublié ».",
                "Check both, or ask for a new code with “Forgotten code”.",
            ),
            code_reset="/api/v1/code-resets",
        )


@dataclass(frozen=True)
class Letter:
    """What a new account's first e-mail needs: where it goes and the code it brings, sealed to whoever sends it."""

    email: Sealed
    issued: IssuedCode


def create(
    person: InsuredPerson,
    pending: Account | None,
    letter: Letter,
    *,
    way: CreationWay,
    freed: bool,
    rules: Parameters,
    now: datetime,
) -> Decision:
    """A new account, whose first code travels to its e-mail, instead of a `pending` one.

    Of that one only the mails of the day are kept, which starting over is one of. `freed`: the e-mail was another's.
    """
    before = pending or Account(person.id, now)
    recent = within_a_day(before.resets, now)
    if pending and len(recent) >= rules.get("mail.resets-a-day", now):
        return pending, []
    issued = letter.issued
    code = ProvisionalCode(issued.hash, now + rules.minutes("code.provisional.creation-minutes", now))
    created = AccountCreated(
        person_id=person.id,
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date=person.birth_date,
        caisse=person.caisse,
        way=way,
        email=letter.email,
        provisional_code=issued.sealed,
        code_expires_at=code.expires_at,
        created_at=now,
        address_freed=freed,
    )
    resets = (*recent, now) if pending else ()
    account = Account(person.id, now, code, resets=resets, alerts=before.alerts, version=before.version)
    return account, [created]


def renew_unused(account: Account, issued: IssuedCode, rules: Parameters, now: datetime) -> Decision:
    """A new first code instead of the one that was not used; the newest wins."""
    return _reset(account, issued, rules, now, reason=ResetReason.UNUSED, life="code.provisional.creation-minutes")


def reset_code(
    account: Account, issued: IssuedCode, *, known: bool, stopped: bool, rules: Parameters, now: datetime
) -> Decision:
    """A provisional code for somebody who forgot theirs; the own code works until it is used.

    Only a validated e-mail gets one, at most three a day, the last of them only for a `known` device of the owner:
    a stranger who knows number and birth date must not use them all up. Whoever never opened the account asks for
    it again, which needs more than a birth date. While the own code is `stopped`, the mailed one is the owner's way
    in whoever asked for it, and lives for a day.
    """
    if account.email_validated_at is None or not mail_opens(account, rules):
        return account, []
    kept = 0 if known else rules.get("mail.resets-kept-for-known-devices", now)
    life = f"code.provisional.{'stopped' if stopped else 'reset'}-minutes"
    return _reset(account, issued, rules, now, reason=ResetReason.FORGOTTEN, life=life, kept=kept)


def tell_owner(
    account: Account,
    reason: AttemptReason,
    rules: Parameters,
    now: datetime,
    *,
    address_free_at: datetime | None = None,
) -> Decision:
    """Tell the owner of an account that somebody asked for one with their NIR or e-mail; at most three times a day.

    `address_free_at`: when a pending account gives up its e-mail to whoever asks.
    """
    recent = within_a_day(account.alerts, now)
    if len(recent) >= rules.get("mail.alerts-a-day", now):
        return account, []
    told = AccountCreationAttempted(
        person_id=account.person_id, reason=reason, attempted_at=now, address_free_at=address_free_at
    )
    return replace(account, alerts=(*recent, now)), [told]


def record_log_in(
    account: Account,
    session_id: UUID,
    *,
    channel: Channel,
    way: LogInWay,
    failed: int,
    now: datetime,
    new_device: bool = False,
) -> tuple[Account, LoggedIn]:
    """The account after a successful log-in, whichever way it went, and what is said of it (domain F53)."""
    current = LogIn(at=now, channel=channel, way=way)
    told = LoggedIn(
        person_id=account.person_id,
        session_id=session_id,
        current=current,
        previous=account.last_log_in,
        failed_attempts_since=failed,
        new_device=new_device,
    )
    after = replace(account, last_log_in=current, previous_log_in=account.last_log_in, failed_before=failed)
    return after, told


def choose_code(account: Account, new_hash: str, channel: Channel, now: datetime) -> Decision:
    """An own code instead of whatever opened the account before."""
    chosen = CodeChosen(person_id=account.person_id, chosen_at=now, channel=channel)
    return replace(account, own_code=new_hash, provisional=None, challenge=None), [chosen]


def check_current(account: Account, matched: str | None, *, given: bool) -> None:
    """Raises CodeRefused unless the current code was given and is the account's."""
    if not given:
        raise CodeRefused("/current_code", "missing", Text("Ce champ est obligatoire.", "This field is required."))
    if matched is None or matched != account.own_code:
        raise CodeRefused("/current_code", "wrong-code", Text("Ce code n'est pas le bon.", "This code is wrong."))


def mail_opens(account: Account, rules: Parameters) -> bool:
    """Whether whoever reads the account's e-mail may open it.

    The address of a frozen account must be older than the freeze: a thief changes it first (domain B3). Waiting
    does not help; FranceConnect or the caisse does.
    """
    if account.frozen_at is None or account.email_changed_at is None:
        return True
    trusted = rules.minutes("freeze.email-trusted-minutes", account.frozen_at)
    return account.frozen_at - account.email_changed_at >= trusted


def _reset(
    account: Account,
    issued: IssuedCode,
    rules: Parameters,
    now: datetime,
    *,
    reason: ResetReason,
    life: str,
    kept: int = 0,
) -> Decision:
    recent = within_a_day(account.resets, now)
    if len(recent) + kept >= rules.get("mail.resets-a-day", now):
        return account, []
    code = ProvisionalCode(issued.hash, now + rules.minutes(life, now))
    reset = CodeReset(
        person_id=account.person_id,
        reason=reason,
        provisional_code=issued.sealed,
        code_expires_at=code.expires_at,
    )
    return replace(account, provisional=code, resets=(*recent, now)), [reset]


def within_a_day(instants: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """Those of the last 24 hours, in their order."""
    return tuple(each for each in instants if now - each < DAY)
