"""Coming in by FranceConnect: leaving, coming back, and linking an account that was there before."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from contracts.identity import LogInWay
from services.identity.domain import federation, pivot
from services.identity.domain import session as sessions
from services.identity.domain.account import Account
from services.identity.domain.emails import Proposal
from services.identity.domain.federation import Ceremony, Link, Outcome, Recognised, Return, Review
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.pivot import Match, One, PivotIdentity
from services.identity.domain.session import Client, Session
from services.identity.handlers.emails import request_email
from services.identity.handlers.entering import Entry, enter
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class LeaveForFranceConnect:
    """Somebody leaves for FranceConnect."""

    state_hash: str = field(repr=False)
    ticket_hash: str = field(repr=False)
    client: Client
    now: datetime


async def leave_for_franceconnect(command: LeaveForFranceConnect, store: Store) -> Ceremony:
    """Let them come back once, within minutes, with their ticket."""
    left = federation.begin(command.state_hash, command.ticket_hash, command.client, store.parameters, command.now)
    await store.save_ceremony(left)
    return left


@dataclass(frozen=True)
class ComeBack:
    """A browser or an app comes back, with the ticket that it has."""

    state_hash: str = field(repr=False)
    ticket_hash: str | None = field(repr=False)
    now: datetime


async def come_back(command: ComeBack, store: Store) -> Return:
    """Say whether to go on. That log-in is used up by this, unless its app is yet to send the ticket."""
    ceremony = await store.ceremony(command.state_hash)
    returned = federation.come_back(ceremony, command.ticket_hash, command.now)
    if ceremony and returned.turn is not federation.Turn.TO_APP:
        await store.end_ceremony(ceremony)
    return returned


@dataclass(frozen=True)
class Arrive:
    """FranceConnect vouches for somebody. `proposal` is the address it gave: to be written to, never to be trusted."""

    subject: str = field(repr=False)
    pivot: PivotIdentity
    acr: str
    proposal: Proposal | None
    link_hash: str = field(repr=False)
    entry: Entry


@dataclass(frozen=True)
class Arrival:
    """How coming in ended; with a session, or with why there is none."""

    outcome: Outcome
    session: Session | None = None
    portal: str | None = None


async def arrive(command: Arrive, store: Store) -> Arrival:
    """Open the account that the subject is linked to, or the one that this identity alone may have.

    Nobody is found by an e-mail: couples share one, and helpers lend theirs (domain 3.6). An account that its
    owner has opened before is not given to an identity alone: its code is asked for (reliability A8).
    """
    known = await store.link(command.subject)
    account = await store.account(known.person_id) if known else None
    if account and not account.pending:
        return await _open(account, command, store)
    recognised = federation.recognise(await _match(known, command.pivot, store))
    if recognised.person is None:
        return await _turn_away(recognised, command, store)
    person = recognised.person
    account = await store.account(person.id)
    if account and not account.pending:
        now = command.entry.now
        await store.save_pending_link(
            federation.ask_for_code(command.link_hash, command.subject, person.id, store.parameters, now)
        )
        return Arrival(Outcome.LINK_REQUIRED)
    return await _create(person, account, command, store)


async def _match(known: Link | None, identity: PivotIdentity, store: Store) -> Match:
    """Whom the caisse decided on, or whom the register knows by this identity."""
    decided = await store.register_entry(known.person_id) if known else None
    if decided:
        return One(decided.person)
    return pivot.find(identity, await store.candidates(pivot.search_keys(identity)))


async def _open(account: Account, command: Arrive, store: Store) -> Arrival:
    events: list[Event] = []
    if account.frozen_at:
        account, reopened = federation.reopen(account, store.parameters, command.entry.now)
        if reopened.address_dropped:
            account = await store.save_account_without_email(account, reopened)
        else:
            events = [reopened]
    session = await enter(account, events, command.entry, way=LogInWay.FRANCECONNECT, acr=command.acr, store=store)
    return Arrival(Outcome.SESSION, session)


async def _turn_away(recognised: Recognised, command: Arrive, store: Store) -> Arrival:
    if recognised.candidates:
        await store.save_review(Review(command.subject, command.pivot, recognised.candidates, command.entry.now))
    return Arrival(recognised.outcome, portal=recognised.portal)


async def _create(person: InsuredPerson, pending: Account | None, command: Arrive, store: Store) -> Arrival:
    now = command.entry.now
    account, created = federation.create(person, pending, now)
    saved = await store.save_account_without_email(account, created)
    await store.save_link(Link(command.subject, person.id, now))
    if command.proposal:
        await request_email(person.id, command.proposal, now, store)
    return await _open(saved, command, store)


@dataclass(frozen=True)
class LinkAccount:
    """A person who logged in with the code brings what FranceConnect gave them before."""

    person_id: UUID
    session_id: UUID
    ticket_hash: str = field(repr=False)
    now: datetime


async def link_account(command: LinkAccount, store: Store) -> Link | None:
    """Let FranceConnect open the person's account from now on; None when it named somebody else, or too long ago.

    The ticket is used up in any case.
    """
    current = sessions.of_caller(await store.session(command.session_id), command.person_id, command.now)
    pending, account = await store.pending_link(command.ticket_hash), await store.account(command.person_id)
    if pending is None:
        return None
    await store.end_pending_link(pending)
    if account is None or not federation.may_link(pending, current, command.now):
        return None
    link, account, linked = federation.link(pending, account, command.now)
    await store.save_link(link)
    await store.save_account(account, linked)
    return link
