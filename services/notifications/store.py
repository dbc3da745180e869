"""MongoDB: whom we write to, and every mail of the last 90 days."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.encryption import FieldCipher
from chassis.mongo import Conflict, Document, Index
from chassis.outbox import Transaction
from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Code, Mail, State
from services.notifications.handlers.ports import Due

KEPT = timedelta(days=90)
BATCH = 500
INSTANTS = ("created_at", "told_at", "give_up_at", "at", "due_at", "address_since", "delayed_at")
INDEXES: Mapping[str, Sequence[Index]] = {
    "mails": [
        Index(("open", "due_at")),
        Index(("open", "give_up_at")),
        Index(("person_id", "created_at")),
        Index(("claim.owner",)),
        Index(("ended_at",), expire_after=KEPT),
    ],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"contacts": ("email",), "mails": ("to",)}
_mails = TypeAdapter(Mail)
_contacts = TypeAdapter(Contact)


class MongoStore:
    """The store of handlers/ports.py. Addresses are encrypted; codes stay sealed as they came."""

    def __init__(self, transaction: Transaction, cipher: FieldCipher, open_sealed: Callable[[Sealed], str]) -> None:
        self._transaction = transaction
        self._cipher = cipher
        self._open = open_sealed

    def opened(self, sealed: Sealed) -> str:
        """An address that was sealed to this service. Raises CannotOpen."""
        return self._open(sealed)

    async def contact(self, person_id: UUID) -> Contact:
        """How and where a person is written to."""
        found = await self._transaction["contacts"].find_one({"_id": str(person_id)})
        return _contacts.validate_python(await self._decrypted(found, "email"), extra="ignore") if found else Contact()

    async def remember(self, person_id: UUID, contact: Contact) -> None:
        """Keep how and where a person is written to."""
        document = await self._encrypted({"_id": str(person_id), **_contacts.dump_python(contact)}, "email")
        await self._transaction["contacts"].replace({"_id": document["_id"]}, document, upsert=True)

    async def add(self, mail: Mail) -> None:
        """Insert a new mail."""
        await self._transaction["mails"].insert(await self._encrypted(_document(mail), "to"))

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail."""
        found = await self._transaction["mails"].find_one({"_id": mail_id})
        return _mail(await self._decrypted(found, "to")) if found else None

    async def waiting(self, person_id: UUID) -> Sequence[Mail]:
        """The created mails of a person."""
        return await self._find({"person_id": str(person_id), "state": State.CREATED.value})

    async def mails_of(self, person_id: UUID, limit: int) -> Sequence[Mail]:
        """The newest mails of a person."""
        return await self._find({"person_id": str(person_id)}, sort=("-created_at",), limit=limit)

    async def has_newer_code(self, person_id: UUID, code: Code) -> bool:
        """Whether a newer code of its series was written to the person, whatever became of it."""
        newer = {"person_id": str(person_id), "code.series": code.series.value, "code.number": {"$gt": code.number}}
        return await self._transaction["mails"].count(newer) > 0

    async def due(self, now: datetime) -> Sequence[Due]:
        """Mails that may be taken, in the order of the index."""
        return await self._open_until("due_at", now)

    async def overdue(self, now: datetime) -> Sequence[Due]:
        """Open mails whose time is over."""
        return await self._open_until("give_up_at", now)

    async def claimed_by(self, owner: str) -> Sequence[Mail]:
        """The mails that a process has claimed."""
        return await self._find({"claim.owner": owner})

    async def save(self, before: Mail, after: Mail, *events: Event) -> None:
        """Compare and set. Raises Conflict when the mail has changed since it was read."""
        unchanged = {"_id": before.id, "state": before.state.value, "attempts": before.attempts}
        if before.claim:
            unchanged["claim.token"] = before.claim.token
        document = await self._encrypted(_document(after), "to")
        if not await self._transaction["mails"].replace(unchanged, document):
            raise Conflict
        await self._transaction.publish(*events, subject=after.id)

    async def _find(self, where: Document, **options: Any) -> Sequence[Mail]:
        found = await self._transaction["mails"].find(where, **options)
        return [_mail(await self._decrypted(each, "to")) for each in found]

    async def _encrypted(self, document: Document, name: str) -> Document:
        """The document with one field encrypted, or without it when it holds nothing."""
        value = document.pop(name)
        return document if value is None else {**document, name: await self._cipher.encrypt(value)}

    async def _decrypted(self, document: Document, name: str) -> Document:
        return {**document, name: await self._cipher.decrypt(document[name])} if document.get(name) else document

    async def _open_until(self, field: str, now: datetime) -> Sequence[Due]:
        # One equality and one range: SecantusDB bounds no other kind of search, and reads all that it finds.
        where = {"open": True, field: {"$lte": now}}
        found = await self._transaction["mails"].find(where, limit=BATCH, only=["traceparent"])
        return [Due(each["_id"], each["traceparent"]) for each in found]


def _document(mail: Mail) -> Document:
    """A mail as it is stored: instants as dates that indexes and the clean-up understand, all else as JSON."""
    document = _mails.dump_python(mail, mode="json")
    del document["id"]
    instants = {name: getattr(mail, name) for name in INSTANTS}
    ended = {} if mail.state.is_open else {"ended_at": mail.at}
    return {"_id": mail.id, **document, **instants, **ended, "open": mail.state.is_open}


def _mail(document: Document) -> Mail:
    return _mails.validate_python({**document, "id": document["_id"]}, extra="ignore")
