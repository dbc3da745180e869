"""The store in memory, and a mail server that does as it is told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Code, Letter, Mail, State
from services.notifications.handlers.ports import Due
from tests.unit.notifications.builders import opened

R = TypeVar("R")


class FakeStore:
    """The store of handlers/ports.py; what was published is in `events`."""

    def __init__(self) -> None:
        self.contacts: dict[UUID, Contact] = {}
        self.mails: dict[str, Mail] = {}
        self.events: list[Event] = []

    def opened(self, sealed: Sealed) -> str:
        return opened(sealed)

    async def contact(self, person_id: UUID) -> Contact:
        return self.contacts.get(person_id, Contact())

    async def remember(self, person_id: UUID, contact: Contact) -> None:
        self.contacts[person_id] = contact

    async def add(self, mail: Mail) -> None:
        assert mail.id not in self.mails
        self.mails[mail.id] = mail

    async def mail(self, mail_id: str) -> Mail | None:
        return self.mails.get(mail_id)

    async def waiting(self, person_id: UUID) -> Sequence[Mail]:
        return [mail for mail in self._of(person_id) if mail.state is State.CREATED]

    async def mails_of(self, person_id: UUID, limit: int) -> Sequence[Mail]:
        return sorted(self._of(person_id), key=lambda mail: mail.created_at, reverse=True)[:limit]

    async def has_newer_code(self, person_id: UUID, code: Code) -> bool:
        codes = [mail.code for mail in self._of(person_id) if mail.code]
        return any(each.series is code.series and each.number > code.number for each in codes)

    async def due(self, now: datetime) -> Sequence[Due]:
        open_mails = [mail for mail in self.mails.values() if mail.state.is_open and mail.due_at <= now]
        return [Due(mail.id, mail.traceparent) for mail in open_mails]

    async def overdue(self, now: datetime) -> Sequence[Due]:
        open_mails = [mail for mail in self.mails.values() if mail.state.is_open and mail.give_up_at <= now]
        return [Due(mail.id, mail.traceparent) for mail in open_mails]

    async def claimed_by(self, owner: str) -> Sequence[Mail]:
        return [mail for mail in self.mails.values() if mail.claim and mail.claim.owner == owner]

    async def save(self, before: Mail, after: Mail, *events: Event) -> None:
        assert self.mails[before.id] == before, "somebody changed the mail since it was read"
        self.mails[after.id] = after
        self.events.extend(events)

    def _of(self, person_id: UUID) -> list[Mail]:
        return [mail for mail in self.mails.values() if mail.person_id == person_id]


class FakeWork:
    """Runs handlers on one fake store."""

    def __init__(self) -> None:
        self.store = FakeStore()

    async def __call__(self, handler: Callable[..., Awaitable[R]], command: Any) -> R:
        return await handler(command, self.store)

    read = __call__


class FakeMailer:
    """Answers letter after letter as `replies` say, then accepts; a reply may be an error or a callable to await."""

    host = "mail.example"

    def __init__(self, *replies: Exception | Callable[[], Awaitable[None]]) -> None:
        self.replies = list(replies)
        self.sent: list[Letter] = []

    async def send(self, letter: Letter, *, within: float) -> None:
        reply = self.replies.pop(0) if self.replies else None
        if isinstance(reply, Exception):
            raise reply
        if reply:
            await reply()
        self.sent.append(letter)
