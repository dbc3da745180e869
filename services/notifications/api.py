"""What a person, or an operator in their place, can ask about the mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork
from contracts.notifications import EmailKind
from services.notifications.domain.mails import Mail, State
from services.notifications.handlers import writing

router = APIRouter(tags=["emails"])


class EmailView(BaseModel):
    """One e-mail: why it was written and what became of it, without its content."""

    id: str
    kind: EmailKind
    state: State
    at: datetime

    @classmethod
    def of(cls, mail: Mail) -> Self:
        """The view of a mail; `at` is when it reached its state."""
        return cls(id=mail.id, kind=mail.about.kind, state=mail.state, at=mail.at)


class EmailsView(BaseModel):
    """The newest e-mails of a person, the newest first."""

    emails: list[EmailView]

    @classmethod
    def of(cls, mails: Sequence[Mail]) -> Self:
        """The view of some mails."""
        return cls(emails=[EmailView.of(mail) for mail in mails])


@router.get("/emails", operation_id="list_emails", summary="The person's newest e-mails")
async def list_emails(person: CurrentPerson, work: CurrentWork) -> EmailsView:
    """The 50 newest e-mails written to the person: kind and state, never an address or a text."""
    return EmailsView.of(await work.read(writing.mails_of, person.id))
