"""The routes of procedures: the catalogue, ordering a card, and following one's requests."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID, uuid5

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis import telemetry
from chassis.auth import CurrentPerson
from chassis.routes import CurrentOnce, CurrentWork, Language, Now, Today
from chassis.viewings import Noted
from contracts.channel import Channel
from contracts.procedures import Actor, RequestKind, RequestState
from services.procedures import handlers
from services.procedures.domain import catalogue, requests
from services.procedures.domain.catalogue import Procedure
from services.procedures.domain.requests import Page, Piece, Position, Progress, TimelineStep, read_cursor

router = APIRouter(tags=["procedures"])
Responses = dict[int | str, dict[str, Any]]
NOT_FOUND: Responses = {404: {"description": "Unknown, or somebody else's."}}
REFUSALS: Responses = {
    403: {"description": "`too-young`: says from which day."},
    409: {"description": "`order-already-in-progress`: names the order and what to do."},
    503: {"description": "The account is too new, or the database is down: try again after `Retry-After`."},
}


class NewRequest(BaseModel):
    """What is asked for, for oneself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Annotated[RequestKind, Field(strict=False)]


def _cursor(value: str) -> str:
    read_cursor(value)
    return value


class RequestsFilter(BaseModel):
    """Where the page begins."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=120, pattern="^[A-Za-z0-9_=-]+$"), AfterValidator(_cursor)] = None

    def after(self) -> Position | None:
        """The place after which the page begins."""
        return read_cursor(self.cursor) if self.cursor else None


class PieceView(BaseModel):
    """A document that the person still has to send."""

    piece: Piece
    label: str

    @classmethod
    def of(cls, piece: Piece, language: str) -> Self:
        """The view of a piece."""
        return cls(piece=piece, label=catalogue.PIECES[piece].in_language(language))


class TimelineView(BaseModel):
    """One step of a request: when it began (null: still to come), and who acts in it."""

    state: RequestState
    label: str
    progress: Progress
    next_actor: Actor | None
    on: date | None

    @classmethod
    def of(cls, step: TimelineStep, language: str) -> Self:
        """The view of a step."""
        return cls(
            state=step.state,
            label=catalogue.STATES[step.state].in_language(language),
            progress=step.progress,
            next_actor=step.next_actor,
            on=step.on,
        )


class RequestView(BaseModel):
    """A request with its whole timeline. `tracking_number` is what to quote when asking about it."""

    request_id: UUID
    tracking_number: str
    kind: RequestKind
    title: str
    state: RequestState
    state_label: str
    next_actor: Actor | None
    next_step: str
    awaited: list[PieceView]
    ordered_on: date
    expected_on: date
    timeline: list[TimelineView]

    @classmethod
    def of(cls, request: requests.Request, language: str) -> Self:
        """The view of a request, in the reader's language."""
        return cls(
            request_id=request.id,
            tracking_number=request.tracking_number,
            kind=request.kind,
            title=catalogue.KINDS[request.kind].in_language(language),
            state=request.state,
            state_label=catalogue.STATES[request.state].in_language(language),
            next_actor=request.next_actor,
            next_step=catalogue.ACTS[request.next_actor].in_language(language),
            awaited=[PieceView.of(piece, language) for piece in request.awaited],
            ordered_on=request.ordered_on,
            expected_on=request.expected_on,
            timeline=[TimelineView.of(step, language) for step in request.timeline()],
        )


class RequestPage(BaseModel):
    """Some requests, newest first."""

    items: list[RequestView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page, language: str) -> Self:
        """The view of a page."""
        return cls(
            items=[RequestView.of(request, language) for request in page.requests],
            next_cursor=page.next_position.cursor if page.next_position else None,
        )


class ProcedureView(BaseModel):
    """What can be asked for, by which channels, by whom, and how long it takes."""

    kind: RequestKind
    title: str
    channels: list[Channel]
    eligibility: str
    pieces: list[PieceView]
    expected_days: int

    @classmethod
    def of(cls, procedure: Procedure, language: str) -> Self:
        """The view of a procedure, in the reader's language."""
        return cls(
            kind=procedure.kind,
            title=procedure.title.in_language(language),
            channels=list(procedure.channels),
            eligibility=procedure.eligibility.in_language(language),
            pieces=[PieceView.of(piece, language) for piece in procedure.pieces],
            expected_days=procedure.expected_days,
        )


class Catalogue(BaseModel):
    """Every procedure there is."""

    items: list[ProcedureView]


@router.get("/procedures", summary="List what can be asked for", operation_id="list_procedures")
async def list_procedures(_: CurrentPerson, work: CurrentWork, today: Today, language: Language) -> Catalogue:
    """The catalogue: kind, channels, eligibility, expected delay."""
    found = await work.read(handlers.list_procedures, handlers.ListProcedures(today))
    return Catalogue(items=[ProcedureView.of(procedure, language) for procedure in found])


@router.post(
    "/requests",
    status_code=202,
    summary="Make a request",
    operation_id="make_request",
    response_model=RequestView,
    responses=REFUSALS,
)
async def make_request(
    *,
    _: NewRequest,  # the only kind there is
    person: CurrentPerson,
    once: CurrentOnce,
    today: Today,
    now: Now,
    language: Language,
) -> Response:
    """Order a carte Vitale. Sending the same `Idempotency-Key` again returns the same request."""
    command = handlers.OrderCard(uuid5(person.id, once.key), person.id, today, now)
    telemetry.annotate(compte_request_id=str(command.request_id))
    return await once(202, partial(RequestView.of, language=language), handlers.order_card, command)


@router.get("/requests", summary="List my requests", operation_id="list_requests")
async def list_requests(
    filters: Annotated[RequestsFilter, Query()],
    person: CurrentPerson,
    work: CurrentWork,
    noted: Noted,
    language: Language,
) -> RequestPage:
    """Newest first."""
    query = handlers.ListRequests(person.id, filters.after())
    page = await work.read(handlers.list_requests, query)
    await noted()
    return RequestPage.of(page, language)


@router.get("/requests/{request_id}", summary="Follow a request", operation_id="show_request", responses=NOT_FOUND)
async def show_request(
    request_id: UUID, person: CurrentPerson, work: CurrentWork, noted: Noted, language: Language
) -> RequestView:
    """One request with its timeline: states, who must act, dates."""
    telemetry.annotate(compte_request_id=str(request_id))
    query = handlers.ShowRequest(person.id, request_id)
    request = await work.read(handlers.show_request, query)
    await noted()
    return RequestView.of(request, language)
