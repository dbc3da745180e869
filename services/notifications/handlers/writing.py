"""Write mails: one for each reason, however often the event that is the reason is heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain import mails
from services.notifications.domain.mails import Code, Mail
from services.notifications.domain.reasons import About
from services.notifications.handlers.ports import Store

SHOWN = 50


@dataclass(frozen=True)
class Cause:
    """The event that is a reason to write to a person; `sequence` is its place among that person's.

    `told_at` is the event's own time, `now` that of this service.
    `in_order`: it was heard after all that was said of the person's address before it, so that an account which has
    no address now had none then. Of another publisher's event nobody knows: the address may still be on its way.
    """

    event_id: str
    person_id: UUID
    sequence: int
    told_at: datetime
    now: datetime
    traceparent: str | None = None
    in_order: bool = False


@dataclass(frozen=True)
class WriteMail:
    """There is a reason to write to a person: at the address that is known when it is sent, or at `to`.

    The mail takes the event's id; the `second` mail of an event takes one that follows from it. `address_since`: since
    when `to` is the account's address, if it is.
    """

    cause: Cause
    about: About
    code: Code | None = None
    to: str | None = None
    second: bool = False
    address_since: datetime | None = None


async def write_mail(command: WriteMail, store: Store) -> None:
    """Write one mail, once, unless the account has no address to send it to.

    A newer code cancels the waiting mails with older ones of its series.
    """
    cause = command.cause
    mail_id = mails.second_id(cause.event_id) if command.second else cause.event_id
    if await store.mail(mail_id):
        return
    if command.code:
        for older in await store.waiting(cause.person_id):
            cancelled = mails.supersede(older, command.code, cause.now)
            if cancelled is not older:
                await store.save(older, cancelled)
    if command.to is None and cause.in_order and (await store.contact(cause.person_id)).has_no_address:
        return
    mail = mails.write(
        mail_id,
        cause.person_id,
        command.about,
        code=command.code,
        to=command.to,
        address_since=command.address_since,
        traceparent=cause.traceparent,
        told_at=cause.told_at,
        now=cause.now,
    )
    await store.add(mail)


async def mails_of(person_id: UUID, store: Store) -> Sequence[Mail]:
    """The newest mails of a person, the newest first."""
    return await store.mails_of(person_id, SHOWN)
