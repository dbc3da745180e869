"""Known devices: making one known, looking at them, forgetting one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.problems import NotFound
from services.identity.domain import device as devices
from services.identity.domain import session as sessions
from services.identity.domain.device import Device, Shown
from services.identity.domain.session import Client
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class Visit:
    """With what somebody comes to log in: a program, the device token it showed, if that was one of ours, and the
    id that a device which is not known yet would get.
    """

    client: Client
    shown: Shown | None
    fresh: UUID


@dataclass(frozen=True)
class Remembered:
    """The device that a person is known on from now on, and whether they were not until now."""

    device_id: UUID
    new: bool


async def remember_device(person_id: UUID, visit: Visit, store: Store, now: datetime) -> Remembered:
    """Make the person known on the device they log in with, by whatever proved more than an own code."""
    known = await known_device(person_id, visit.shown, store, now)
    if known:
        await store.save_device(known.used(now))
        return Remembered(known.id, new=False)
    device_id = await device_for(visit, store, now)
    await make_known(device_id, person_id, visit.client, store, now)
    return Remembered(device_id, new=True)


async def known_device(person_id: UUID, shown: Shown | None, store: Store, now: datetime) -> Device | None:
    """The device that was shown, if this person is known on it."""
    kept = await store.device(shown.device_id, person_id) if shown else None
    return kept if shown and kept and kept.trusts(shown, now) else None


async def device_for(visit: Visit, store: Store, now: datetime) -> UUID:
    """The id the device keeps because others are known on it, or a new one.

    An old copy of its token, which does not make everybody known, keeps nothing: the token that this log-in gives
    is newer, and would (domain/device.py).
    """
    shown = visit.shown
    known = await store.known_on(shown.device_id, now) if shown else []
    return shown.device_id if shown and known and all(each.trusts(shown, now) for each in known) else visit.fresh


async def make_known(device_id: UUID, person_id: UUID, client: Client, store: Store, now: datetime) -> None:
    """Keep that the person is known on this device for 30 days; of too many, forget the least recently used."""
    before = await store.device(device_id, person_id)
    known = devices.remember(device_id, person_id, client, before=before, rules=store.parameters, now=now)
    others = [each for each in await store.devices(person_id, now) if each.id != device_id]
    for each in devices.surplus(others, store.parameters, now):
        await store.forget_device(each)
    await store.save_device(known)


async def clear_attempts(person_id: UUID, store: Store) -> int:
    """All attempts on the person's number are free again; how many had failed since the last log-in.

    For a log-in that proved more than an own code. Tell the owner the number: it is forgotten here.
    """
    nir = await store.nir(person_id)
    attempts = await store.attempts(nir)
    if attempts.version:
        await store.save_attempts(nir, attempts.cleared())
    return attempts.failed


@dataclass(frozen=True)
class ListDevices:
    """A person looks at the devices that are asked for the code alone."""

    person_id: UUID
    session_id: UUID
    now: datetime


@dataclass(frozen=True)
class KnownDevices:
    """A person's known devices, the last used first, and which of them this session is on."""

    devices: Sequence[Device]
    current: UUID | None


async def list_devices(query: ListDevices, store: Store) -> KnownDevices:
    """The devices that the person is known on."""
    session = await store.session(query.session_id)
    return KnownDevices(await store.devices(query.person_id, query.now), session.device if session else None)


@dataclass(frozen=True)
class ForgetDevice:
    """A person wants a device to be asked for more than the code again."""

    person_id: UUID
    device_id: UUID
    now: datetime


async def forget_device(command: ForgetDevice, store: Store) -> None:
    """Forget the device and end the person's sessions on it. Raises NotFound for any that is not the person's."""
    known = await store.device(command.device_id, command.person_id)
    if known is None or known.until <= command.now:
        raise NotFound
    await store.forget_device(known)
    live = await store.live_sessions(command.person_id, command.now)
    on_it = [each for each in live if each.device == known.id]
    ended, revoked = sessions.end(on_it, command.person_id, command.now)
    await store.save_sessions(ended, *revoked)
