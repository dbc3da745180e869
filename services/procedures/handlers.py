"""What procedures does: takes requests, and shows how far they have got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from contracts.problems import NotFound, Unavailable
from services.procedures.domain import catalogue, persons, requests, vitale_card
from services.procedures.domain.catalogue import Procedure
from services.procedures.domain.parameters import Parameters
from services.procedures.domain.persons import Heard
from services.procedures.domain.requests import Page, Position, Request
from services.procedures.domain.vitale_card import Person

PAGE = 20


class Store(Protocol):
    """What procedures keeps, and the rules in force."""

    @property
    def parameters(self) -> Parameters:
        """The table of dated parameters."""
        ...

    async def heard(self, person_id: UUID) -> Heard:
        """What was heard of a person."""
        ...

    async def remember(self, person_id: UUID, heard: Heard) -> None:
        """Keep what was heard of a person, in place of what was known before."""
        ...

    async def request_of(self, person_id: UUID, request_id: UUID) -> Request | None:
        """A request, if it belongs to this person."""
        ...

    async def open_requests(self, person_id: UUID) -> Sequence[Request]:
        """The person's requests that are not closed."""
        ...

    async def requests(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Request]:
        """The person's requests after a place in the list, newest first, at most `limit`."""
        ...

    async def is_taken(self, tracking_number: str) -> bool:
        """Whether a request has this tracking number."""
        ...

    async def add(self, request: Request, *events: Event) -> None:
        """Store a new request and say so; a second open one of its person and kind cannot be stored."""
        ...


@dataclass(frozen=True)
class MeetPerson:
    """A person has an account, as the event of this sequence tells."""

    person: Person
    sequence: int


async def meet_person(command: MeetPerson, store: Store) -> None:
    """Know who may make requests; old news change nothing."""
    before = await store.heard(command.person.id)
    await _keep(command.person.id, before, persons.told(before, command.person, command.sequence), store)


@dataclass(frozen=True)
class MovePerson:
    """A person belongs to another caisse, as the event of this sequence tells."""

    person_id: UUID
    caisse: str
    sequence: int


async def move_person(command: MovePerson, store: Store) -> None:
    """Know the caisse of today, of somebody without account too; old news change nothing."""
    before = await store.heard(command.person_id)
    await _keep(command.person_id, before, persons.moved(before, command.caisse, command.sequence), store)


async def _keep(person_id: UUID, before: Heard, after: Heard, store: Store) -> None:
    if after != before:
        await store.remember(person_id, after)


@dataclass(frozen=True)
class OrderCard:
    """A person orders a carte Vitale for oneself. The request's id comes from the client's idempotency key."""

    request_id: UUID
    person_id: UUID
    today: date
    now: datetime


async def order_card(command: OrderCard, store: Store) -> Request:
    """Place the order once, however often the client sends it.

    A retry finds the first order under the same id and returns it. Raises TooYoung, OrderAlreadyInProgress,
    or Unavailable while the person is not known here yet.
    """
    if known := await store.request_of(command.person_id, command.request_id):
        return known
    person = (await store.heard(command.person_id)).person
    if person is None:
        raise Unavailable
    request, ordered = vitale_card.order_card(
        person,
        await store.open_requests(command.person_id),
        request_id=command.request_id,
        tracking_number=await _free_number(command.request_id, store),
        today=command.today,
        now=command.now,
        parameters=store.parameters,
    )
    await store.add(request, ordered)
    return request


async def _free_number(request_id: UUID, store: Store) -> str:
    numbers = requests.tracking_numbers(request_id, vitale_card.PREFIX)
    number = next(numbers)
    while await store.is_taken(number):
        number = next(numbers)
    return number


@dataclass(frozen=True)
class ListRequests:
    """A person looks at the list of requests."""

    person_id: UUID
    after: Position | None


async def list_requests(query: ListRequests, store: Store) -> Page:
    """The person's requests, newest first."""
    return requests.page(await store.requests(query.person_id, after=query.after, limit=PAGE + 1), PAGE)


@dataclass(frozen=True)
class ShowRequest:
    """A person looks at one request."""

    person_id: UUID
    request_id: UUID


async def show_request(query: ShowRequest, store: Store) -> Request:
    """One request of this person. Raises NotFound, also for somebody else's."""
    request = await store.request_of(query.person_id, query.request_id)
    if request is None:
        raise NotFound
    return request


@dataclass(frozen=True)
class ListProcedures:
    """A person looks at the catalogue."""

    today: date


async def list_procedures(query: ListProcedures, store: Store) -> Sequence[Procedure]:
    """The procedures there are today."""
    return catalogue.catalogue(query.today, store.parameters)
