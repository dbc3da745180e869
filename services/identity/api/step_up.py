"""The current code, typed again before a change with which a thief would keep the account (domain 3.4, 3.5, B3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends

from chassis.auth import CurrentPerson, Person
from chassis.routes import CurrentWork, Now, RequestWork
from services.identity import handlers
from services.identity.api.parts import CurrentParts, Parts
from services.identity.domain.access_code import AccessCode


@dataclass(frozen=True)
class CodeCheck:
    """Compares what the person of this request gave as their current code."""

    person: Person
    work: RequestWork
    parts: Parts
    now: datetime

    async def matched(self, code: AccessCode | None) -> str | None:
        """The hash that the code matched, or None. Counted before, and kept after. Raises TooManyAttempts."""
        begun = await self.work(handlers.begin_step_up, handlers.BeginStepUp(self.person.id, code, self.now))
        matched = await self.parts.codes.matching(begun.candidates, code)
        await self.work(handlers.end_step_up, handlers.EndStepUp(self.person.id, begun, matched, self.now))
        return matched


def code_check(person: CurrentPerson, work: CurrentWork, parts: CurrentParts, now: Now) -> CodeCheck:
    """The check for this request."""
    return CodeCheck(person, work, parts, now)


CurrentCodeCheck = Annotated[CodeCheck, Depends(code_check)]
