"""Who did what with a person's data."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from services.identity.domain.access_log import Entry, Position
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "access_log": [Index(("person_id", "-at")), Index(("expires_at",), expire_after=timedelta(0))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {}

_entries = TypeAdapter(Entry)


class AccessLogStore(Base):
    """Who did what with a person's data: added and read, never changed."""

    async def add_entry(self, entry: Entry) -> None:
        """Add an entry; one whose event is in the log already changes nothing."""
        document = plain(_entries.dump_python(entry, exclude={"id"}))
        await self._tx["access_log"].update({"_id": str(entry.id)}, {"$setOnInsert": document}, upsert=True)

    async def entries(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Entry]:
        """A person's entries after a place in the log, newest first, at most `limit`."""
        where: dict[str, Any] = {"person_id": str(person_id)}
        if after:
            where["at"] = {"$lte": after.at}
            where["$or"] = [{"at": {"$lt": after.at}}, {"at": after.at, "_id": {"$lt": str(after.entry_id)}}]
        found = await self._tx["access_log"].find(where, sort=("-at", "-_id"), limit=limit)
        return [_entries.validate_python({**each, "id": each["_id"]}, extra="ignore") for each in found]
