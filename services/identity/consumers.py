"""What identity listens to: whatever any service tells about a person goes into that person's access log."""

from uuid import UUID

from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.event import Event
from services.identity import handlers
from services.identity.domain.access_log import NOTED
from services.identity.handlers import Store

consumers: Consumers[Store] = Consumers(group="identity")


async def note_access(envelope: Envelope, event: Event, store: Store) -> None:
    """One line in the log; identity's own events come back by the broker as the others do."""
    await handlers.note_access(handlers.NoteAccess(event, UUID(envelope.id), envelope.time), store)


for _kind in NOTED:
    consumers.on(_kind)(note_access)
