"""Tells once a session that a person's data were looked at (domain B4), without asking the database at every look."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from chassis.auth import CurrentPerson, Person
from chassis.mongo import Index
from chassis.outbox import Transaction
from chassis.routes import Now
from chassis.work import Work
from contracts.acting import Doer
from contracts.channel import Channel
from contracts.viewing import Viewed

# Longer than any session lasts.
KEPT = timedelta(days=40)
INDEXES: Mapping[str, Sequence[Index]] = {"viewings": [Index(("viewed_at",), expire_after=KEPT)]}
REMEMBERED = 10_000


class Viewings:
    """Remembers the last sessions whose look was told; another process, or this one restarted, asks the database.

    `event` is what the service says of a look at its data.
    """

    def __init__(self, work: Work[Any], event: type[Viewed]) -> None:
        self._work = work
        self._event = event
        self._told: dict[UUID, None] = {}

    async def note(self, person: Person, now: datetime) -> None:
        """Tell that this person looks, once a session. Raises DatabaseDown, and then nothing may be shown."""
        if person.session_id in self._told:
            return
        viewed = self._event(
            person_id=person.id,
            session_id=person.session_id,
            channel=Channel(person.channel),
            viewer=Doer.SELF,
            viewed_at=now,
        )
        await self._work.transact(partial(_tell, viewed), "note_viewing")
        self._told[person.session_id] = None
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]


async def _tell(viewed: Viewed, transaction: Transaction) -> None:
    session = str(viewed.session_id)
    if not await transaction["viewings"].find_one({"_id": session}):
        await transaction["viewings"].insert({"_id": session, "viewed_at": viewed.viewed_at})
        await transaction.publish(viewed, subject=viewed.session_id)


def looking(request: Request, person: CurrentPerson, now: Now) -> Callable[[], Awaitable[None]]:
    """Tells that this person is about to be shown what the service has of them."""
    viewings: Viewings = request.app.state.viewings
    return partial(viewings.note, person, now)


# Called between the read and the answer: nothing is shown that could not be noted.
Noted = Annotated[Callable[[], Awaitable[None]], Depends(looking)]
