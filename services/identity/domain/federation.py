"""Coming in by FranceConnect: what binds the way there and back, and which account it opens (domain F24, 3.6).

A subject is the keyed hash of an issuer and whom it names: enough to know somebody again, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.acting import Doer
from contracts.identity import (
    AccountCreated,
    AccountReopened,
    CreationWay,
    FranceConnectLinked,
    LogInWay,
    ReviewDecided,
    ReviewRead,
)
from contracts.problems import NotFound
from services.identity.domain.account import Account, mail_opens
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import Parameters
from services.identity.domain.pivot import Match, One, PivotIdentity, Several
from services.identity.domain.regimes import REGIMES, Standing
from services.identity.domain.session import Client, Scope, Session


@dataclass(frozen=True)
class Ceremony:
    """A log-in that left for FranceConnect: it comes back once, soon, and with the ticket of whoever began it."""

    state_hash: str = field(repr=False)
    ticket_hash: str = field(repr=False)
    client: Client
    expires_at: datetime


class Turn(StrEnum):
    """What to do with a browser that comes back."""

    GO_ON = "go-on"
    TO_APP = "to-app"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Return:
    """A browser that came back, and the program that sent it."""

    turn: Turn
    client: Client = Client.WEB


class Outcome(StrEnum):
    """How coming in by FranceConnect ends."""

    SESSION = "session"
    LINK_REQUIRED = "link-required"
    NO_MATCH = "no-match"
    SEVERAL_MATCHES = "several-matches"
    REGIME_NOT_COVERED = "regime-not-covered"
    TO_APP = "to-app"


@dataclass(frozen=True)
class Link:
    """Whose account this subject opens."""

    subject: str = field(repr=False)
    person_id: UUID
    linked_at: datetime


@dataclass(frozen=True)
class PendingLink:
    """FranceConnect named a person who has an account: their code is asked for before it opens that account."""

    ticket_hash: str = field(repr=False)
    subject: str = field(repr=False)
    person_id: UUID
    expires_at: datetime


@dataclass(frozen=True)
class Review:
    """Insured persons who have, or may have, the identity of one subject: an agent finds out which it is."""

    subject: str = field(repr=False)
    pivot: PivotIdentity
    candidates: tuple[UUID, ...]
    asked_at: datetime


@dataclass(frozen=True)
class Recognised:
    """What the register says of an identity: a person who may have an account, or why there is none."""

    outcome: Outcome
    person: InsuredPerson | None = None
    candidates: tuple[UUID, ...] = ()
    portal: str | None = None


def begin(state_hash: str, ticket_hash: str, client: Client, rules: Parameters, now: datetime) -> Ceremony:
    """A log-in that leaves now."""
    return Ceremony(state_hash, ticket_hash, client, now + rules.minutes("franceconnect.ceremony-minutes", now))


def come_back(ceremony: Ceremony | None, ticket_hash: str | None, now: datetime) -> Return:
    """Whether this is the browser or app that left, in time. A browser that an app sent hands over to the app."""
    if ceremony is None or now >= ceremony.expires_at:
        return Return(Turn.REFUSE)
    if ticket_hash is None and ceremony.client is not Client.WEB:
        return Return(Turn.TO_APP, ceremony.client)
    return Return(Turn.GO_ON if ticket_hash == ceremony.ticket_hash else Turn.REFUSE, ceremony.client)


def recognise(match: Match) -> Recognised:
    """Which person may come in. A provisional number is not enough for an account (domain F23, 3.1)."""
    match match:
        case Several(persons):
            return Recognised(Outcome.SEVERAL_MATCHES, candidates=tuple(each.id for each in persons))
        case One(person) if not person.nir.provisional:
            regime = REGIMES[person.regime]
            if regime.standing is Standing.ELSEWHERE:
                return Recognised(Outcome.REGIME_NOT_COVERED, portal=regime.portal)
            return Recognised(Outcome.SESSION, person)
        case _:
            return Recognised(Outcome.NO_MATCH)


def create(person: InsuredPerson, account: Account | None, now: datetime) -> tuple[Account, AccountCreated]:
    """A new account, which FranceConnect opens; it has no e-mail and no code yet.

    Nothing is kept of an `account` that nobody ever opened: a stranger may have prepared it (reliability A8).
    """
    created = AccountCreated(
        person_id=person.id,
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date=person.birth_date,
        caisse=person.caisse,
        way=CreationWay.FRANCECONNECT,
        email=None,
        provisional_code=None,
        code_expires_at=None,
        created_at=now,
    )
    return Account(person.id, now, franceconnect_at=now, version=account.version if account else 0), created


def reopen(account: Account, rules: Parameters, now: datetime) -> tuple[Account, AccountReopened]:
    """A frozen account works again for its owner.

    An e-mail that could not have opened it is given up: the thief who chose it would get the next code there.
    """
    dropped = not mail_opens(account, rules)
    validated_at = None if dropped else account.email_validated_at
    changed_at = None if dropped else account.email_changed_at
    dead_since = None if dropped else account.email_dead_since
    reopened = AccountReopened(
        person_id=account.person_id, reopened_at=now, way=LogInWay.FRANCECONNECT, address_dropped=dropped
    )
    open_again = replace(
        account,
        frozen_at=None,
        reopened_at=now,
        email_validated_at=validated_at,
        email_changed_at=changed_at,
        email_dead_since=dead_since,
    )
    return open_again, reopened


def ask_for_code(ticket_hash: str, subject: str, person_id: UUID, rules: Parameters, now: datetime) -> PendingLink:
    """A link that waits for the account's code."""
    return PendingLink(ticket_hash, subject, person_id, now + rules.minutes("franceconnect.link-minutes", now))


def may_link(pending: PendingLink | None, session: Session, now: datetime) -> bool:
    """Whether this session shows that whoever FranceConnect named also knows the account's code."""
    return (
        pending is not None
        and pending.person_id == session.person_id
        and now < pending.expires_at
        and session.way is LogInWay.CODE
        and session.scope is Scope.FULL
    )


def link(pending: PendingLink, account: Account, now: datetime) -> tuple[Link, Account, FranceConnectLinked]:
    """FranceConnect opens the account from now on."""
    return link_to(pending.subject, account, now)


def link_to(
    subject: str, account: Account, now: datetime, *, by: Doer = Doer.SELF
) -> tuple[Link, Account, FranceConnectLinked]:
    """The subject opens the account from now on."""
    linked = FranceConnectLinked(person_id=account.person_id, by=by, linked_at=now)
    known = replace(account, franceconnect_at=account.franceconnect_at or now)
    return Link(subject, account.person_id, now), known, linked


def shown(persons: Sequence[InsuredPerson], now: datetime) -> Sequence[ReviewRead]:
    """What those hear whom an agent is shown."""
    return [ReviewRead(person_id=each.id, read_at=now) for each in persons]


def decide(review: Review, chosen: UUID | None, now: datetime) -> Sequence[ReviewDecided]:
    """What the candidates hear. Raises NotFound for a person whom it was not about; None: it is nobody of those."""
    if chosen not in {None, *review.candidates}:
        raise NotFound
    return [ReviewDecided(person_id=each, chosen=each == chosen, decided_at=now) for each in review.candidates]


def linked_to(link: Link | None) -> Link:
    """The link. Raises NotFound when there is none: the refusal comes after the ticket was used up."""
    if link is None:
        raise NotFound
    return link
