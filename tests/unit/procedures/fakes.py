"""The store of procedures in memory; tests/integration/procedures/test_store.py holds it to the real one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.domain.persons import Heard
from services.procedures.domain.requests import Position, Request


class FakeStore:
    """What procedures keeps, in dictionaries; `said` is what was published."""

    def __init__(self, parameters: Parameters | None = None) -> None:
        self.parameters = parameters or Parameters(BUILT_IN)
        self.said: list[Event] = []
        self._persons: dict[UUID, Heard] = {}
        self._requests: dict[UUID, Request] = {}

    async def heard(self, person_id: UUID) -> Heard:
        return self._persons.get(person_id, Heard())

    async def remember(self, person_id: UUID, heard: Heard) -> None:
        self._persons[person_id] = heard

    async def request_of(self, person_id: UUID, request_id: UUID) -> Request | None:
        found = self._requests.get(request_id)
        return found if found and found.person_id == person_id else None

    async def open_requests(self, person_id: UUID) -> Sequence[Request]:
        return [each for each in self._requests.values() if each.person_id == person_id and each.is_open]

    async def requests(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Request]:
        found = [
            each
            for each in self._requests.values()
            if each.person_id == person_id and (after is None or _place(each) < (after.ordered_at, after.request_id))
        ]
        return sorted(found, key=_place, reverse=True)[:limit]

    async def is_taken(self, tracking_number: str) -> bool:
        return any(each.tracking_number == tracking_number for each in self._requests.values())

    async def add(self, request: Request, *events: Event) -> None:
        assert request.id not in self._requests
        assert not await self.is_taken(request.tracking_number)
        assert not request.is_open or not await self.open_requests(request.person_id)
        self._requests[request.id] = request
        self.said.extend(events)


def _place(request: Request) -> tuple[datetime, UUID]:
    return request.ordered_at, request.id
