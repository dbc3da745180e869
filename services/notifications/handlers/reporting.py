"""Take in what the mail provider tells of a mail after it has accepted it."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain import reports
from services.notifications.domain.mails import State
from services.notifications.domain.reports import Report
from services.notifications.handlers.ports import Store


@dataclass(frozen=True)
class TakeReport:
    """The provider tells something of the mail whose Message-ID begins with this id."""

    mail_id: str
    told: Report
    now: datetime


async def take_report(command: TakeReport, store: Store) -> State | None:
    """Record it, and say once that a mail reaches nobody; the state that it ended in by this, if it did.

    A mail that is not ours, or no longer kept, changes nothing: the provider has nothing to repeat.
    """
    mail = await store.mail(command.mail_id)
    if mail is None:
        return None
    after, failed = reports.report(mail, command.told, command.now)
    if after != mail:
        await store.save(mail, after, *([failed] if failed else []))
    return after.state if failed else None
