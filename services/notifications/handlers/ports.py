"""What the use cases need from outside: a mail server, and something that keeps contacts and mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Code, Letter, Mail


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

    def opened(self, sealed: Sealed) -> str:
        """An address that was sealed to this service."""

    async def contact(self, person_id: UUID) -> Contact:
        """How and where a person is written to, as far as it is known."""

    async def remember(self, person_id: UUID, contact: Contact) -> None:
        """Keep it, instead of what was known before."""

    async def add(self, mail: Mail) -> None:
        """Keep a new mail."""

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail."""

    async def waiting(self, person_id: UUID) -> Sequence[Mail]:
        """The created mails of a person, that nobody is sending."""

    async def mails_of(self, person_id: UUID, limit: int) -> Sequence[Mail]:
        """The newest mails of a person, the newest first."""

    async def has_newer_code(self, person_id: UUID, code: Code) -> bool:
        """Whether a code of its series with a higher number was ever written to this person."""

    async def due(self, now: datetime) -> Sequence[Due]:
        """Some of the mails that may be taken, those that were never tried first."""

    async def overdue(self, now: datetime) -> Sequence[Due]:
        """Some of the open mails whose time is over."""

    async def claimed_by(self, owner: str) -> Sequence[Mail]:
        """The mails that this process has claimed."""

    async def save(self, before: Mail, after: Mail, *events: Event) -> None:
        """Replace `before` by `after`, if it is still what is kept, and publish the events; or start anew."""
