"""What notifications does: remember where to write, write, and see every mail through to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications import domain
from services.notifications.domain import About, Claim, Code, Contact, Letter, Mail, Outcome, State

SHOWN = 50


class MailRejected(Exception):
    """The mail server refused the mail for good: sending it again can never work.

    `reason` is a word or a reply code; a reply's text quotes the address.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailDelayed(Exception):
    """The mail was not accepted now, or nobody knows; it is to be sent again later.

    `unreachable` says that no mail at all would get through at the moment.
    """

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unreachable = unreachable


class Mailer(Protocol):
    """The way to the mail server."""

    @property
    def host(self) -> str:
        """The server's name."""

    async def send(self, letter: Letter, *, within: float) -> None:
        """Return when the server has accepted the letter. Raises MailRejected, or MailDelayed after `within` s."""


@dataclass(frozen=True)
class Due:
    """A mail that may be taken."""

    mail_id: str
    traceparent: str | None


class Store(Protocol):
    """What the use cases need to keep."""

    async def remember(self, person_id: UUID, first_name: str, last_name: str, email: Sealed) -> None:
        """Keep where a person is written to, instead of what was known before."""

    async def contact(self, person_id: UUID) -> Contact | None:
        """Where a person is written to, if it is known."""

    async def add(self, mail: Mail) -> None:
        """Keep a new mail."""

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail."""

    async def waiting(self, person_id: UUID) -> Sequence[Mail]:
        """The created mails of a person, that nobody is sending."""

    async def mails_of(self, person_id: UUID, limit: int) -> Sequence[Mail]:
        """The newest mails of a person, the newest first."""

    async def has_newer_code(self, person_id: UUID, number: int) -> bool:
        """Whether a code with a higher number was ever written to this person."""

    async def due(self, now: datetime) -> Sequence[Due]:
        """Some of the mails that may be taken, those that were never tried first."""

    async def overdue(self, now: datetime) -> Sequence[Due]:
        """Some of the open mails whose time is over."""

    async def claimed_by(self, owner: str) -> Sequence[Mail]:
        """The mails that this process has claimed."""

    async def save(self, before: Mail, after: Mail, *events: Event) -> None:
        """Replace `before` by `after`, if it is still what is kept, and publish the events; or start anew."""


@dataclass(frozen=True)
class RememberContact:
    """A person is now written to under this name and address."""

    person_id: UUID
    first_name: str
    last_name: str
    email: Sealed


async def remember_contact(command: RememberContact, store: Store) -> None:
    """Know where to write; mails that waited for the address wait no longer."""
    await store.remember(command.person_id, command.first_name, command.last_name, command.email)
    for mail in await store.waiting(command.person_id):
        await store.save(mail, domain.hasten(mail))


@dataclass(frozen=True)
class WriteMail:
    """There is a reason to write to a person. `mail_id` is the id of the event that is the reason."""

    mail_id: str
    person_id: UUID
    about: About
    now: datetime
    code: Code | None = None
    traceparent: str | None = None


async def write_mail(command: WriteMail, store: Store) -> None:
    """Write one mail for one event, however often the event is heard; a newer code cancels mails with older ones."""
    if await store.mail(command.mail_id):
        return
    if command.code:
        for older in await store.waiting(command.person_id):
            cancelled = domain.supersede(older, command.code.number, command.now)
            if cancelled is not older:
                await store.save(older, cancelled)
    mail = domain.write(
        command.mail_id,
        command.person_id,
        command.about,
        code=command.code,
        traceparent=command.traceparent,
        now=command.now,
    )
    await store.add(mail)


async def due_mails(now: datetime, store: Store) -> Sequence[Due]:
    """Mails that may be taken now, or could a moment ago: claiming decides."""
    return await store.due(now)


async def overdue_mails(now: datetime, store: Store) -> Sequence[Due]:
    """Mails to be given up."""
    return await store.overdue(now)


@dataclass(frozen=True)
class ClaimMail:
    """A process wants to send a mail."""

    mail_id: str
    claim: Claim
    now: datetime


@dataclass(frozen=True)
class Taken:
    """What became of a mail that somebody wanted to send; claimed mails come with their contact."""

    mail: Mail
    contact: Contact | None


async def claim_mail(command: ClaimMail, store: Store) -> Taken | None:
    """Claim a due mail, unless something speaks against sending it. None: somebody else was faster."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_due(command.now):
        return None
    contact = await store.contact(mail.person_id)
    taken = domain.take(
        mail,
        command.claim,
        has_address=contact is not None,
        has_newer_code=mail.code is not None and await store.has_newer_code(mail.person_id, mail.code.number),
        now=command.now,
    )
    await store.save(mail, taken)
    return Taken(taken, contact if taken.state is State.CLAIMED else None)


@dataclass(frozen=True)
class RenewClaim:
    """The holder of a claim is still sending."""

    mail_id: str
    token: str
    now: datetime


async def renew_claim(command: RenewClaim, store: Store) -> bool:
    """Keep the claim for another lease; False when it is no longer held."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_held_by(command.token):
        return False
    await store.save(mail, domain.renew(mail, command.now))
    return True


@dataclass(frozen=True)
class FinishSending:
    """The holder of a claim knows what became of its try."""

    mail_id: str
    token: str
    outcome: Outcome
    now: datetime


async def finish_sending(command: FinishSending, store: Store) -> State | None:
    """Record the outcome with its event; None when the claim was taken over since, and then nothing changes."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_held_by(command.token):
        return None
    after, event = domain.finish(mail, command.outcome, command.now)
    await store.save(mail, after, *([event] if event else []))
    return after.state


@dataclass(frozen=True)
class ExpireMail:
    """A mail's time is over."""

    mail_id: str
    now: datetime


async def expire_mail(command: ExpireMail, store: Store) -> State | None:
    """Give an overdue mail up and say so; None when it is not (or no longer) overdue."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_overdue(command.now):
        return None
    after, event = domain.expire(mail, command.now)
    await store.save(mail, after, event)
    return after.state


@dataclass(frozen=True)
class TakeBackClaims:
    """The process `owner` starts: what it had claimed before, it is not sending any more."""

    owner: str
    now: datetime


async def take_back_claims(command: TakeBackClaims, store: Store) -> int:
    """Let the mails of a process that died be sent at once; how many there were."""
    mails = await store.claimed_by(command.owner)
    for mail in mails:
        await store.save(mail, domain.take_back(mail, command.now))
    return len(mails)


async def mails_of(person_id: UUID, store: Store) -> Sequence[Mail]:
    """The newest mails of a person, the newest first."""
    return await store.mails_of(person_id, SHOWN)
