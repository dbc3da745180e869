"""E-mail changes that wait to be validated, and links that were followed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Conflict, Index
from contracts.event import Event
from services.identity.domain.email import Email
from services.identity.domain.emails import EmailChange
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "email_changes": [
        Index(("person_id", "requested_at")),
        Index(("expires_at",), expire_after=timedelta(days=1)),
    ],
    "used_links": [Index(("used_at",), expire_after=timedelta(days=30))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"email_changes": ("email",)}

_changes = TypeAdapter(EmailChange)


class EmailStore(Base):
    """E-mail changes that wait to be validated, and links that were followed."""

    async def email_change(self, token_hash: str) -> EmailChange | None:
        """The change that this token validates, over or not."""
        found = await self._tx["email_changes"].find_one({"_id": token_hash})
        return await self._change(found) if found else None

    async def email_changes(self, person_id: UUID, since: datetime) -> Sequence[EmailChange]:
        """What a person asked for after that instant, the newest first."""
        where = {"person_id": str(person_id), "requested_at": {"$gt": since}}
        found = await self._tx["email_changes"].find(where, sort=("-requested_at",))
        return [await self._change(each) for each in found]

    async def save_email_changes(self, changes: Sequence[EmailChange], *events: Event) -> None:
        """Keep changes that are new, or that have ended, and say what happened."""
        for change in changes:
            await self._save_change(change)
        for event in events:
            await self._tx.publish(event, subject=event.person_id)

    async def forget_email_changes(self, person_id: UUID) -> None:
        """Forget whatever a person asked for."""
        await self._tx["email_changes"].delete({"person_id": str(person_id)})

    async def link_used(self, link_id: str) -> bool:
        """Whether a link that works once was followed."""
        return await self._tx["used_links"].find_one({"_id": link_id}) is not None

    async def save_link_use(self, link_id: str) -> None:
        """Keep that a link was followed, for longer than links work."""
        await self._tx["used_links"].insert({"_id": link_id, "used_at": self._tx.now})

    async def _save_change(self, change: EmailChange) -> None:
        changes, key = self._tx["email_changes"], change.token_hash
        if change.ended_at is None:
            document = plain(_changes.dump_python(change, exclude={"token_hash", "email"}))
            await changes.insert({"_id": key, **document, "email": await self._close(change.email.address)})
        elif not await changes.update({"_id": key, "ended_at": None}, {"$set": {"ended_at": change.ended_at}}):
            raise Conflict

    async def _change(self, found: Mapping[str, Any]) -> EmailChange:
        email = Email(await self._cipher.decrypt(found["email"]))
        return _changes.validate_python({**found, "token_hash": found["_id"], "email": email}, extra="ignore")
