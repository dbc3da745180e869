"""What the use cases ask of the log of who did what with a person's data."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from services.identity.domain.access_log import Entry, Position


class AccessLog(Protocol):
    """The log; entries are added and read, never changed."""

    async def add_entry(self, entry: Entry) -> None:
        """Add an entry; one whose event is in the log already changes nothing."""
        ...

    async def entries(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Entry]:
        """A person's entries after a place in the log, newest first, at most `limit`."""
        ...
