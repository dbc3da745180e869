"""What the gateway listens to: everything that a service says of a person, so that `X-Read-After` can be answered."""

from typing import Protocol

from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    AccountCreationAttempted,
    AccountFrozen,
    AccountReopened,
    CaisseChanged,
    CodeChosen,
    CodeReset,
    DeviceChallenged,
    EmailChanged,
    EmailChangeRequested,
    EmailFoundDead,
    EmailValidated,
    FranceConnectLinked,
    LoggedIn,
    LogInBlocked,
    NameChanged,
    NirCertified,
    PasskeyAdded,
    PasskeyRemoved,
    ProfileViewed,
    ReviewDecided,
    ReviewRead,
    SessionRevoked,
)
from contracts.notifications import EmailFailed, EmailSent
from contracts.payments import PaymentsViewed, ReimbursementPaid
from contracts.procedures import CardOrdered, RequestsViewed
from services.gateway.handlers import home, sessions

TOLD: tuple[type[Event], ...] = (
    AccountClosed,
    AccountCreated,
    AccountCreationAttempted,
    AccountFrozen,
    AccountReopened,
    CaisseChanged,
    CardOrdered,
    CodeChosen,
    CodeReset,
    DeviceChallenged,
    EmailChanged,
    EmailChangeRequested,
    EmailFailed,
    EmailFoundDead,
    EmailSent,
    EmailValidated,
    FranceConnectLinked,
    LogInBlocked,
    LoggedIn,
    NameChanged,
    NirCertified,
    PasskeyAdded,
    PasskeyRemoved,
    PaymentsViewed,
    ProfileViewed,
    ReimbursementPaid,
    RequestsViewed,
    ReviewDecided,
    ReviewRead,
)


class Store(home.Store, sessions.Store, Protocol):
    """Home pages and sessions."""


consumers: Consumers[Store] = Consumers(group="gateway")


async def update_home(envelope: Envelope, event: Event, store: Store) -> None:
    """Bring the person's home page up to date."""
    await home.update_home(arrival(envelope, event), store)


for told in TOLD:
    consumers.on(told)(update_home)


@consumers.on(SessionRevoked)
async def refuse_sessions(envelope: Envelope, event: SessionRevoked, store: Store) -> None:
    """Refuse the sessions, and let the home page know that this was seen."""
    await sessions.revoke(sessions.Revocation(event.session_ids, event.revoked_at), store)
    await home.update_home(arrival(envelope, event), store)


def arrival(envelope: Envelope, event: Event) -> home.Arrival:
    """The event with its place; `/compte/identity` is told by `identity`."""
    return home.Arrival(event, envelope.source.rpartition("/")[2], envelope.sequence, envelope.time)
