"""A notifications service without its process: its database, its use cases, and what it says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from chassis import inbox, outbox, work
from chassis.outbox import Transaction, envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.event import EVENT_TYPES, Event
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Mail
from services.notifications.handlers.ports import Store
from services.notifications.store import INDEXES, MongoStore


@dataclass(frozen=True)
class Parts:
    """The scenarios' world on a real database."""

    service: Service
    work: Work[Store]

    async def run(self, handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        """Run one command in its transaction."""
        return await self.work(handler, command)

    async def said(self) -> list[Event]:
        """Every event in the outbox."""
        rows = await self.service.database["outbox"].find({}, sort=("at",))
        return [EVENT_TYPES[row["type"]].read(envelope_of(row).data) for row in rows]

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail as it is kept."""

        async def find(wanted: str, store: Store) -> Mail | None:
            return await store.mail(wanted)

        return await self.work.read(find, mail_id)

    def seal(self, value: str) -> Sealed:
        """Seal a value to notifications, as identity does."""
        return self.service.sealer.seal(value, "notifications")


async def prepared(service: Service) -> Parts:
    """The parts of a service whose database is made ready here, without its process."""
    for indexes in (outbox.INDEXES, inbox.INDEXES, work.INDEXES, INDEXES):
        await service.database.ensure_indexes(indexes)
    await service.cipher.prepare()

    def store(transaction: Transaction) -> MongoStore:
        return MongoStore(transaction, service.cipher, service.sealer.open)

    return Parts(service, Work(service.database, service.source, store, service.wake))


async def a_person(parts: Parts, address: str, first_name: str = "Lucie", last_name: str = "EXEMPLE") -> UUID:
    """A person whose address is known."""
    person_id = uuid4()

    async def remember(_: None, store: Store) -> None:
        await store.remember(person_id, Contact(first_name, last_name, address, 1, 1))

    await parts.work(remember, None)
    return person_id
