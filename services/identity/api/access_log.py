"""Who did what with a person's data, shown to that person."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork, Language
from contracts.identity import Channel, LogInWay
from services.identity import handlers
from services.identity.domain.access_log import Entry, Page, Position, What, Who, read_cursor
from services.identity.domain.access_texts import label

router = APIRouter(tags=["account"])


def _cursor(value: str) -> str:
    read_cursor(value)
    return value


class AccessLogFilter(BaseModel):
    """Where the page begins."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=120, pattern="^[A-Za-z0-9_=-]+$"), AfterValidator(_cursor)] = None

    def after(self) -> Position | None:
        """The place after which the page begins."""
        return read_cursor(self.cursor) if self.cursor else None


class EntryView(BaseModel):
    """One thing that was done: codes for programs, and a sentence (`label`) for the person."""

    entry_id: UUID
    at: datetime
    service: str
    what: What
    who: Who
    channel: Channel | None
    way: LogInWay | None
    session_id: UUID | None
    failed_attempts: int
    label: str

    @classmethod
    def of(cls, entry: Entry, language: str) -> Self:
        """The view of an entry, in the reader's language."""
        return cls(
            entry_id=entry.id,
            at=entry.at,
            service=entry.service,
            what=entry.what,
            who=entry.who,
            channel=entry.channel,
            way=entry.way,
            session_id=entry.session_id,
            failed_attempts=entry.failed_attempts,
            label=label(entry).in_language(language),
        )


class AccessLogView(BaseModel):
    """Some entries, newest first."""

    entries: list[EntryView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page, language: str) -> Self:
        """The view of a page."""
        return cls(
            entries=[EntryView.of(entry, language) for entry in page.entries],
            next_cursor=page.next_position.cursor if page.next_position else None,
        )


@router.get("/me/access-log", operation_id="read_access_log", summary="Who did what with my data")
async def read_access_log(
    filters: Annotated[AccessLogFilter, Query()], person: CurrentPerson, work: CurrentWork, language: Language
) -> AccessLogView:
    """Log-ins, changes, looks, and what the caisse wrote, of the last year (B4)."""
    query = handlers.ReadAccessLog(person.id, filters.after())
    return AccessLogView.of(await work.read(handlers.read_access_log, query), language)
