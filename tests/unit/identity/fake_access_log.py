"""The fake store's part for the access log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from services.identity.domain.access_log import Entry, Position


class FakeAccessLog:
    """In dictionaries."""

    events: list[Event]

    def __init__(self) -> None:
        super().__init__()
        self.log: dict[UUID, Entry] = {}

    async def add_entry(self, entry: Entry) -> None:
        self.log.setdefault(entry.id, entry)

    async def entries(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Entry]:
        mine = [each for each in self.log.values() if each.person_id == person_id]
        later = [each for each in mine if after is None or _place(each) < (after.at, str(after.entry_id))]
        return sorted(later, key=_place, reverse=True)[:limit]


def _place(entry: Entry) -> tuple[datetime, str]:
    return entry.at, str(entry.id)
