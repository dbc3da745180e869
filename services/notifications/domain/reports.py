"""What the mail provider tells of a mail after it has accepted it (domain F22)."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from contracts.notifications import EmailFailed
from services.notifications.domain.mails import Mail, State, ended, failure


class Report(StrEnum):
    """What the provider tells, later, of a mail that it had accepted."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAY = "delay"


ENDED_BY = {Report.BOUNCE: State.BOUNCED, Report.COMPLAINT: State.COMPLAINED}
NOBODY_READS = {State.FAILED, *ENDED_BY.values()}


def report(mail: Mail, told: Report, now: datetime) -> tuple[Mail, EmailFailed | None]:
    """What becomes of a mail of which the provider tells, and what is said about it; the second time nothing.

    A mail that is not recorded as sent, since its sender is slow or died, is over as well: the provider has it.
    One that was never offered to anybody cannot be meant.
    """
    if mail.attempts == 0 or mail.state in NOBODY_READS:
        return mail, None
    if told is Report.DELAY:
        return replace(mail, delayed_at=mail.delayed_at or now), None
    return ended(mail, ENDED_BY[told], now), failure(mail, told, now)
