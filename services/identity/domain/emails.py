"""Another e-mail address: asked for, validated by whoever reads it, and only then the account's (domain 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from contracts.identity import EmailChanged, EmailChangeRequested, EmailValidated
from contracts.problems import Problem, Text
from contracts.sealed import Sealed
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.links import LinkExpired
from services.identity.domain.parameters import DAY, Parameters

EXPIRED = Text(
    "Il a déjà servi, a été remplacé ou a plus de 24 heures. Demandez-en un autre dans « Mes informations ».",
    "It was used, was replaced or is older than 24 hours. Ask for another one in “My information”.",
)


class EmailTaken(Problem):
    """One address is one account (domain F09). Said only to whoever has just proved to read that address."""

    status = 409
    title = Text("Cette adresse est déjà celle d'un autre compte", "This address belongs to another account already")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Rien n'a changé. Indiquez une autre adresse dans « Mes informations ».",
                "Nothing has changed. Give another address in “My information”.",
            )
        )


class TooManyEmailChanges(Problem):
    """Each request writes to two addresses, so a stolen session could bury both in mails."""

    status = 429
    title = Text("Trop de changements d'adresse", "Too many changes of address")
    retry_after = int(DAY.total_seconds())

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Suivez le lien du dernier e-mail reçu, ou recommencez demain.",
                "Follow the link of the last e-mail you got, or try again tomorrow.",
            )
        )


@dataclass(frozen=True)
class Proposal:
    """An address, and the token that shows who reads it; both sealed, too, to whoever writes to it."""

    email: Email
    sealed_email: Sealed = field(repr=False)
    token_hash: str = field(repr=False)
    sealed_token: Sealed = field(repr=False)


@dataclass(frozen=True)
class EmailChange:
    """A proposed address that waits for its token; of one account, one waits at a time.

    `sealed` is None for an address that was not written to: it is not free, or had its share of mails (A19).
    """

    token_hash: str = field(repr=False)
    person_id: UUID
    email: Email
    sealed: Sealed | None = field(repr=False)
    requested_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether its token still works."""
        return self.ended_at is None and now < self.expires_at

    def ended(self, now: datetime) -> "EmailChange":
        """The change once it was validated, replaced or given up."""
        return replace(self, ended_at=now)


def looked_back(rules: Parameters, now: datetime) -> datetime:
    """Since when requests matter: for the day's count, and because they may still wait."""
    return now - max(DAY, rules.minutes("email.change-minutes", now))


def request(
    person_id: UUID, proposal: Proposal, recent: Sequence[EmailChange], *, free: bool, rules: Parameters, now: datetime
) -> tuple[Sequence[EmailChange], EmailChangeRequested]:
    """The change that waits from now on and those it replaces, and what is said. Raises TooManyEmailChanges.

    An address that is not `free` is not written to, and its change waits in vain: whoever asks must not
    find out which addresses have an account.
    """
    if sum(now - each.requested_at < DAY for each in recent) >= rules.get("email.changes-a-day", now):
        raise TooManyEmailChanges
    change = EmailChange(
        token_hash=proposal.token_hash,
        person_id=person_id,
        email=proposal.email,
        sealed=proposal.sealed_email if free else None,
        requested_at=now,
        expires_at=now + rules.minutes("email.change-minutes", now),
    )
    asked = EmailChangeRequested(
        person_id=person_id,
        new_email=change.sealed,
        token=proposal.sealed_token if free else None,
        expires_at=change.expires_at,
        requested_at=now,
    )
    return [*give_up(recent, now), change], asked


def give_up(changes: Sequence[EmailChange], now: datetime) -> Sequence[EmailChange]:
    """Those of the changes that still waited, ended."""
    return [each.ended(now) for each in changes if each.waits(now)]


def validate(
    account: Account | None, change: EmailChange | None, holder: Account | None, now: datetime
) -> tuple[Account, EmailChange, Sequence[Event]]:
    """The account is reached at the new address from now on; `holder` is whose address it is already, if anybody's.

    Raises LinkExpired, or EmailTaken when another account was faster: one that somebody opened, since before that
    nobody has proved to read its address. Codes that went to the old address open nothing any more.
    """
    if account is None or change is None or change.sealed is None or not change.waits(now):
        raise LinkExpired(EXPIRED)
    if holder is not None and holder.person_id != account.person_id and not holder.pending:
        raise EmailTaken
    events: list[Event] = [EmailChanged(person_id=account.person_id, email=change.sealed, changed_at=now)]
    if account.email_validated_at is None:
        events.append(EmailValidated(person_id=account.person_id, validated_at=now))
    changed = replace(
        account,
        email_validated_at=now,
        email_changed_at=now,
        email_dead_since=None,
        provisional=None,
        challenge=None,
    )
    return changed, change.ended(now), events
