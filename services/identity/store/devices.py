"""Known devices, and the second codes that make one known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from services.identity.domain.challenge import Challenge
from services.identity.domain.device import Device
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "devices": [
        Index(("person_id", "until")),
        Index(("device", "until")),
        Index(("until",), expire_after=timedelta(days=1)),
    ],
    "challenges": [Index(("expires_at",), expire_after=timedelta(days=1)), Index(("person_id",))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {}

_devices = TypeAdapter(Device)
_challenges = TypeAdapter(Challenge)


class DeviceStore(Base):
    """Known devices, and the second codes that make one known."""

    async def device(self, device_id: UUID, person_id: UUID) -> Device | None:
        """What is kept of a person on a device, even when it is not known any more."""
        found = await self._tx["devices"].find_one({"_id": _key(device_id, person_id)})
        return _devices.validate_python({**found, "id": found["device"]}, extra="ignore") if found else None

    async def known_on(self, device_id: UUID, now: datetime) -> Sequence[Device]:
        """What is kept of everybody who is known on the device."""
        found = await self._tx["devices"].find({"device": str(device_id), "until": {"$gt": now}})
        return [_devices.validate_python({**each, "id": each["device"]}, extra="ignore") for each in found]

    async def devices(self, person_id: UUID, now: datetime) -> Sequence[Device]:
        """The devices a person is known on, the last used first."""
        where = {"person_id": str(person_id), "until": {"$gt": now}}
        found = await self._tx["devices"].find(where, sort=("-used_at", "-_id"))
        return [_devices.validate_python({**each, "id": each["device"]}, extra="ignore") for each in found]

    async def save_device(self, device: Device) -> None:
        """Keep a device, or what changed of it."""
        document = plain(_devices.dump_python(device, exclude={"id"}))
        await self._save("devices", _key(device.id, device.person_id), {**document, "device": str(device.id)})

    async def forget_device(self, device: Device) -> None:
        """The person is not known on the device any more."""
        await self._tx["devices"].delete({"_id": _key(device.id, device.person_id)})

    async def forget_devices(self, person_id: UUID) -> None:
        """The person is not known on any device any more, and no second code makes one known."""
        await self._tx["devices"].delete({"person_id": str(person_id)})
        await self._tx["challenges"].delete({"person_id": str(person_id)})

    async def challenge(self, id_hash: str) -> Challenge | None:
        """A challenge that was sent, by the hash of its id."""
        found = await self._tx["challenges"].find_one({"_id": id_hash})
        return _challenges.validate_python({**found, "id_hash": found["_id"]}, extra="ignore") if found else None

    async def save_challenge(self, challenge: Challenge) -> None:
        """Keep a challenge, or what became of it."""
        await self._save(
            "challenges", challenge.id_hash, plain(_challenges.dump_python(challenge, exclude={"id_hash"}))
        )


def _key(device_id: UUID, person_id: UUID) -> str:
    return f"{device_id}:{person_id}"
