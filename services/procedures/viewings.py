"""Notes who looks at a person's requests, without asking the database at every look."""

from typing import Any
from uuid import UUID

from chassis.work import Work
from services.procedures import handlers
from services.procedures.handlers import NoteViewing

REMEMBERED = 10_000


class Viewings:
    """Remembers the last sessions whose look is noted; another process, or this one restarted, asks the database."""

    def __init__(self, work: Work[Any]) -> None:
        self._work = work
        self._noted: dict[UUID, None] = {}

    async def note(self, viewing: NoteViewing) -> None:
        """Note this look, once a session. Raises DatabaseDown, and then nothing may be shown."""
        if viewing.session_id in self._noted:
            return
        await self._work(handlers.note_viewing, viewing)
        self._noted[viewing.session_id] = None
        if len(self._noted) > REMEMBERED:
            del self._noted[next(iter(self._noted))]
