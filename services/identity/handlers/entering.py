"""Coming in with more than a code: what FranceConnect and passkeys end with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from contracts.identity import LogInWay
from services.identity.domain import session as sessions
from services.identity.domain.account import Account, record_log_in
from services.identity.domain.session import Scope, Session
from services.identity.handlers.devices import Visit, clear_attempts, remember_device
from services.identity.handlers.opening import save_opened
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class Entry:
    """The session that a log-in is to open, and with what somebody comes."""

    visit: Visit
    session_id: UUID
    refresh_hash: str = field(repr=False)
    now: datetime


async def enter(
    account: Account, events: Sequence[Event], entry: Entry, *, way: LogInWay, acr: str, store: Store
) -> Session:
    """Open the session; the device is known from now on, and codes that were tried on the account count no more.

    `events` say what happened to the account before the log-in.
    """
    now, client = entry.now, entry.visit.client
    failed = await clear_attempts(account.person_id, store)
    device = await remember_device(account.person_id, entry.visit, store, now)
    account, told = record_log_in(
        account,
        entry.session_id,
        channel=client.channel,
        way=way,
        failed=failed,
        now=now,
        new_device=device.new,
    )
    opened = sessions.open_session(
        entry.session_id,
        account.person_id,
        client=client,
        scope=Scope.FULL,
        rules=store.parameters,
        now=now,
        way=way,
        acr=acr,
        device=device.device_id,
        remembered=device.new,
    )
    return await save_opened(account, [*events, told], opened, entry.refresh_hash, store)
