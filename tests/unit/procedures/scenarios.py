"""What every store of procedures must do; run on the fake and on the real one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.birth_date import BirthDate
from contracts.problems import NotFound, Unavailable
from contracts.procedures import CardOrdered, RequestState
from services.procedures import handlers
from services.procedures.domain.requests import Page, Position, Request, tracking_numbers
from services.procedures.domain.vitale_card import OrderAlreadyInProgress, Person, TooYoung
from services.procedures.handlers import ListRequests, MeetPerson, MovePerson, OrderCard, ShowRequest, Store
from tests.unit.procedures.builders import ANNA, BEN, NOW, TODAY, a_person, a_request


@dataclass
class World:
    """A store under test: `run(handler, command)` executes a use case, `said()` are Anna's events."""

    run: Callable[..., Awaitable[Any]]
    said: Callable[[], Awaitable[list[CardOrdered]]]

    async def meet(self, person: Person, sequence: int = 1) -> None:
        await self.run(handlers.meet_person, MeetPerson(person, sequence))

    async def move(self, caisse: str, sequence: int) -> None:
        await self.run(handlers.move_person, MovePerson(ANNA, caisse, sequence))

    async def known(self) -> Person | None:
        async def find(person_id: UUID, store: Store) -> Person | None:
            return (await store.heard(person_id)).person

        found: Person | None = await self.run(find, ANNA)
        return found

    async def put(self, *requests: Request) -> None:
        async def add(request: Request, store: Store) -> None:
            await store.add(request)

        for each in requests:
            await self.run(add, each)

    async def order(self, command: OrderCard) -> Request:
        request = await self.run(handlers.order_card, command)
        assert isinstance(request, Request)
        return request

    async def listed(self, after: Position | None = None) -> Page:
        page = await self.run(handlers.list_requests, ListRequests(ANNA, after))
        assert isinstance(page, Page)
        return page


def an_order(**but: Any) -> OrderCard:
    return OrderCard(**{"request_id": uuid4(), "person_id": ANNA, "today": TODAY, "now": NOW, **but})


async def an_order_sent_again_is_placed_once(world: World) -> None:
    await world.meet(a_person())
    command = an_order()
    first, again = await world.order(command), await world.order(command)
    assert first == again
    assert first.tracking_number == next(tracking_numbers(command.request_id, "CV"))
    assert [said.request_id for said in await world.said()] == [command.request_id]


async def a_second_order_is_refused_and_says_nothing(world: World) -> None:
    await world.meet(a_person())
    first = await world.order(an_order())
    with pytest.raises(OrderAlreadyInProgress) as refused:
        await world.order(an_order())
    assert refused.value.extensions["request_id"] == first.id
    assert len(await world.said()) == 1


async def orders_of_two_persons_do_not_meet(world: World) -> None:
    await world.meet(a_person())
    await world.meet(a_person(id=BEN))
    await world.order(an_order())
    await world.order(an_order(person_id=BEN))


async def a_closed_order_leaves_room_for_another(world: World) -> None:
    await world.meet(a_person())
    await world.put(a_request(RequestState.CLOSED), a_request(RequestState.CLOSED))
    assert (await world.order(an_order())).is_open


async def a_person_whose_account_was_not_heard_of_yet_is_asked_to_wait(world: World) -> None:
    command = an_order()
    with pytest.raises(Unavailable):
        await world.order(command)
    await world.meet(a_person())
    assert (await world.order(command)).id == command.request_id


async def what_was_heard_last_of_a_person_counts(world: World) -> None:
    await world.meet(a_person())
    await world.meet(a_person(birth_date=BirthDate(2020, 1, 1)), sequence=2)
    await world.meet(a_person())
    with pytest.raises(TooYoung):
        await world.order(an_order())


async def a_person_is_known_at_the_caisse_of_the_newest_move(world: World) -> None:
    await world.meet(a_person(caisse="291"))
    await world.move("751", sequence=3)
    await world.move("311", sequence=2)
    assert await world.known() == a_person(caisse="751")
    await world.meet(a_person(caisse="131"), sequence=4)
    assert await world.known() == a_person(caisse="131")


async def a_move_that_was_heard_of_first_counts_once_the_person_is_known(world: World) -> None:
    await world.move("751", sequence=2)
    assert await world.known() is None
    with pytest.raises(Unavailable):
        await world.order(an_order())
    await world.meet(a_person(caisse="291"))
    assert await world.known() == a_person(caisse="751")


async def a_tracking_number_that_is_taken_is_not_given_twice(world: World) -> None:
    await world.meet(a_person())
    command = an_order()
    numbers = tracking_numbers(command.request_id, "CV")
    await world.put(a_request(RequestState.CLOSED, person_id=BEN, tracking_number=next(numbers)))
    assert (await world.order(command)).tracking_number == next(numbers)


async def the_list_shows_every_request_once_newest_first(world: World) -> None:
    times = [NOW - timedelta(minutes=number // 2) for number in range(handlers.PAGE + 5)]
    stored = [a_request(RequestState.CLOSED, ordered_at=at) for at in times]
    await world.put(*stored, a_request(person_id=BEN))
    first = await world.listed()
    second = await world.listed(first.next_position)
    assert (len(first.requests), len(second.requests), second.next_position) == (handlers.PAGE, 5, None)
    together = [*first.requests, *second.requests]
    assert together == sorted(stored, key=lambda each: (each.ordered_at, str(each.id)), reverse=True)


async def a_request_is_shown_to_its_person_alone(world: World) -> None:
    stored = a_request()
    await world.put(stored)
    assert await world.run(handlers.show_request, ShowRequest(ANNA, stored.id)) == stored
    for person, request_id in ((BEN, stored.id), (ANNA, uuid4())):
        with pytest.raises(NotFound):
            await world.run(handlers.show_request, ShowRequest(person, request_id))


SCENARIOS = [
    an_order_sent_again_is_placed_once,
    a_second_order_is_refused_and_says_nothing,
    orders_of_two_persons_do_not_meet,
    a_closed_order_leaves_room_for_another,
    a_person_whose_account_was_not_heard_of_yet_is_asked_to_wait,
    what_was_heard_last_of_a_person_counts,
    a_person_is_known_at_the_caisse_of_the_newest_move,
    a_move_that_was_heard_of_first_counts_once_the_person_is_known,
    a_tracking_number_that_is_taken_is_not_given_twice,
    the_list_shows_every_request_once_newest_first,
    a_request_is_shown_to_its_person_alone,
]
