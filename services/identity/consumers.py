"""What identity listens to: what any service tells about a person, for the access log, and mails that reach nobody."""

from uuid import UUID

from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.notifications import EmailFailed
from services.identity import handlers
from services.identity.domain.access_log import NOTED
from services.identity.domain.reach import FailedMail
from services.identity.handlers import Store

consumers: Consumers[Store] = Consumers(group="identity")


async def note_access(envelope: Envelope, event: Event, store: Store) -> None:
    """One line in the log; identity's own events come back by the broker as the others do."""
    await handlers.note_access(handlers.NoteAccess(event, UUID(envelope.id), envelope.time), store)


for _kind in NOTED:
    consumers.on(_kind)(note_access)


@consumers.on(EmailFailed)
async def doubt_address(_: Envelope, event: EmailFailed, store: Store) -> None:
    """An address that takes no mail is remembered as such."""
    failed = FailedMail(event.reason, event.address_since, event.failed_at)
    await handlers.note_failed_mail(handlers.NoteFailedMail(event.person_id, failed), store)
