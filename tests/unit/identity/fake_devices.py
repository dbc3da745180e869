"""The fake store's part for devices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.identity.domain.challenge import Challenge
from services.identity.domain.device import Device


class FakeDevices:
    """In dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[UUID, UUID], Device] = {}
        self.challenges: dict[str, Challenge] = {}

    async def device(self, device_id: UUID, person_id: UUID) -> Device | None:
        return self.known.get((device_id, person_id))

    async def known_on(self, device_id: UUID, now: datetime) -> Sequence[Device]:
        return [each for each in self.known.values() if each.id == device_id and now < each.until]

    async def devices(self, person_id: UUID, now: datetime) -> Sequence[Device]:
        mine = [each for each in self.known.values() if each.person_id == person_id and now < each.until]
        return sorted(mine, key=lambda each: (each.used_at, str(each.id)), reverse=True)

    async def save_device(self, device: Device) -> None:
        before = self.known.get((device.id, device.person_id))
        assert device.version == (before.version if before else 0)
        self.known[device.id, device.person_id] = replace(device, version=device.version + 1)

    async def forget_device(self, device: Device) -> None:
        self.known.pop((device.id, device.person_id), None)

    async def forget_devices(self, person_id: UUID) -> None:
        self.known = {key: each for key, each in self.known.items() if each.person_id != person_id}
        self.challenges = {key: each for key, each in self.challenges.items() if each.person_id != person_id}

    async def challenge(self, id_hash: str) -> Challenge | None:
        return self.challenges.get(id_hash)

    async def save_challenge(self, challenge: Challenge) -> None:
        before = self.challenges.get(challenge.id_hash)
        assert challenge.version == (before.version if before else 0)
        self.challenges[challenge.id_hash] = replace(challenge, version=challenge.version + 1)
