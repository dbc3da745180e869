"""Taking away whatever would let somebody into an account."""

from datetime import datetime
from uuid import UUID

from contracts.acting import Doer
from services.identity.domain import emails, session
from services.identity.handlers.ports import Store


async def void_ways_in(person_id: UUID, now: datetime, store: Store, *, by: Doer = Doer.SELF) -> None:
    """End the person's sessions; forget their devices, passkeys and the address that waits."""
    ended, revoked = session.end(await store.live_sessions(person_id, now), person_id, now, by=by)
    await store.save_sessions(ended, *revoked)
    await store.forget_devices(person_id)
    await store.remove_passkeys(person_id)
    changes = await store.email_changes(person_id, emails.looked_back(store.parameters, now))
    await store.save_email_changes(emails.give_up(changes, now))
