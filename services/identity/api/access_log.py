"""Who did what with a person's data, shown to that person."""

import re
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork, Language, Today
from contracts.channel import Channel
from contracts.identity import LogInWay
from services.identity import handlers
from services.identity.domain.access_export import as_csv
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


CSV = "text/csv"
_quality = re.compile(r";\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)")


def wants_csv(accept: str) -> bool:
    """Whether CSV is named, and not less wanted than JSON (RFC 9110, 12.5.1); whoever names neither gets JSON."""
    wanted = dict.fromkeys((CSV, "application/json"), 0.0)
    for each in accept.lower().split(","):
        kind, _, parameters = each.strip().partition(";")
        found = _quality.search(f";{parameters}")
        if kind.strip() in wanted:
            wanted[kind.strip()] = float(found[1]) if found else 1.0
    return wanted[CSV] > wanted["application/json"]


@router.get(
    "/me/access-log",
    operation_id="read_access_log",
    summary="Who did what with my data",
    response_model=AccessLogView,
    responses={200: {"description": "A page; or, as CSV, all.", "content": {CSV: {"schema": {"type": "string"}}}}},
)
async def read_access_log(
    filters: Annotated[AccessLogFilter, Query()],
    request: Request,
    person: CurrentPerson,
    *,
    work: CurrentWork,
    today: Today,
    language: Language,
) -> AccessLogView | Response:
    """Log-ins, changes, looks, and what the caisse wrote, of the last year (B4).

    With `Accept: text/csv`, every entry from the cursor on (all, without one), as a file to keep.
    """
    query = handlers.ReadAccessLog(person.id, filters.after())
    if not wants_csv(request.headers.get("accept", "")):
        return AccessLogView.of(await work.read(handlers.read_access_log, query), language)
    entries = await work.read(handlers.export_access_log, query)
    return Response(as_csv(entries, language), media_type=CSV, headers=download(f"acces-a-mes-donnees-{today}.csv"))


def download(name: str) -> dict[str, str]:
    """What makes an answer a file of this name, of which nothing between here and there keeps a copy."""
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
