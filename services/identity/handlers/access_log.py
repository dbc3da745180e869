"""Keeping and showing who did what with a person's data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from services.identity.domain import access_log
from services.identity.domain.access_log import Entry, Page, Position
from services.identity.handlers.ports import Store

PAGE = 50
PIECE = 500


@dataclass(frozen=True)
class NoteAccess:
    """A service told something about a person."""

    event: Event
    event_id: UUID
    at: datetime


async def note_access(command: NoteAccess, store: Store) -> None:
    """Add what the event says to the person's log, once."""
    await store.add_entry(access_log.entry(command.event, command.event_id, command.at, store.parameters))


@dataclass(frozen=True)
class ReadAccessLog:
    """A person looks at who did what."""

    person_id: UUID
    after: Position | None


async def read_access_log(query: ReadAccessLog, store: Store) -> Page:
    """The person's log, newest first."""
    return access_log.page(await store.entries(query.person_id, after=query.after, limit=PAGE + 1), PAGE)


async def export_access_log(query: ReadAccessLog, store: Store) -> Sequence[Entry]:
    """Every entry from there on, newest first; read in pieces, so that others are served meanwhile."""
    found, after = list[Entry](), query.after
    while True:
        piece = access_log.page(await store.entries(query.person_id, after=after, limit=PIECE + 1), PIECE)
        found.extend(piece.entries)
        after = piece.next_position
        if after is None:
            return found
