"""What a person, or an operator in their place, can ask about the mails, and what the mail provider tells of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol, Self

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis import metrics
from chassis.auth import CurrentCaller, CurrentPerson
from chassis.routes import CurrentWork, Now
from contracts.notifications import EmailKind
from services.notifications.domain.mails import Mail, State
from services.notifications.domain.reports import Report
from services.notifications.handlers import reporting, writing

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


def mail_named(message_id: str) -> str:
    """The id of the mail that a Message-ID names, with or without its brackets."""
    return message_id.strip("<>").partition("@")[0]


MessageId = Annotated[
    str,
    Field(pattern=r"^<?[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,253}>?$"),
    AfterValidator(mail_named),
]


class MailReport(BaseModel):
    """What became of a mail after it was accepted. Named by its Message-ID: nobody's address is asked for, or taken."""

    model_config = ConfigDict(extra="forbid")

    message_id: MessageId
    kind: Report


class ReportKey(Protocol):
    """What tells the provider's reports from anybody else's."""

    def check(self, signature: str | None, body: bytes, now: datetime) -> None:
        """Raises ReportRefused, or NotFound where nobody may report."""


def report_key(request: Request) -> ReportKey:
    """The key that this application was composed with."""
    key: ReportKey = request.app.state.report_key
    return key


@router.post("/mail-reports", status_code=204, operation_id="report_mail", summary="Report what became of an e-mail")
async def report_mail(
    report: MailReport,
    request: Request,
    _: CurrentCaller,
    key: Annotated[ReportKey, Depends(report_key)],
    *,
    work: CurrentWork,
    now: Now,
    x_report_signature: Annotated[str | None, Header(description="t=<seconds since 1970>,v1=<hex>")] = None,
) -> None:
    """For the mail provider: a mail bounced, was complained about, or is delayed (F22, F23).

    Signed with HMAC-SHA256 over `<seconds>.<body>`, 5 minutes old at most: otherwise 401 `report-refused`. A repeat,
    and a mail that is not ours, get the same 204 and change nothing.
    """
    key.check(x_report_signature, await request.body(), now)
    ended = await work(reporting.take_report, reporting.TakeReport(report.message_id, report.kind, now))
    if ended:
        metrics.mails.labels(ended).inc()
