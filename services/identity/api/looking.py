"""Notes who looks at a person's profile (domain B4)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Protocol

from fastapi import Depends, Request

from chassis.auth import CurrentPerson
from chassis.routes import Now
from contracts.identity import Channel
from contracts.viewing import Viewer
from services.identity.handlers import NoteViewing


class Viewings(Protocol):
    """Notes who looks."""

    async def note(self, viewing: NoteViewing) -> None:
        """Note a look, once a session."""
        ...


def looking(request: Request, person: CurrentPerson, now: Now) -> Callable[[], Awaitable[None]]:
    """Notes that this person is about to be shown their profile."""
    viewings: Viewings = request.app.state.viewings
    channel = Channel(person.channel)
    return partial(viewings.note, NoteViewing(person.id, person.session_id, channel, Viewer.SELF, now))


# Called between the read and the answer: nothing is shown that could not be noted.
Noted = Annotated[Callable[[], Awaitable[None]], Depends(looking)]
