"""Notes once a session that somebody looked, without asking the database at every look."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

from chassis.work import Work

REMEMBERED = 10_000


class Viewing(Protocol):
    """Somebody looks, in this session."""

    @property
    def session_id(self) -> UUID:
        """The session."""


class Viewings:
    """Remembers the last sessions whose look is noted; another process, or this one restarted, asks the database."""

    def __init__(self, work: Work[Any], note: Callable[[Any, Any], Awaitable[None]]) -> None:
        self._work = work
        self._note = note
        self._noted: dict[UUID, None] = {}

    async def note(self, viewing: Viewing) -> None:
        """Note this look, once a session. Raises DatabaseDown, and then nothing may be shown."""
        if viewing.session_id in self._noted:
            return
        await self._work(self._note, viewing)
        self._noted[viewing.session_id] = None
        if len(self._noted) > REMEMBERED:
            del self._noted[next(iter(self._noted))]
