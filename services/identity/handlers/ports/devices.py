"""What the use cases ask of known devices and of the second codes that make one known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.challenge import Challenge
from services.identity.domain.device import Device


class Devices(Protocol):
    """Known devices and challenges."""

    async def device(self, device_id: UUID, person_id: UUID) -> Device | None:
        """What is kept of a person on a device, even when it is not known any more."""
        ...

    async def known_on(self, device_id: UUID, now: datetime) -> Sequence[Device]:
        """What is kept of everybody who is known on the device."""
        ...

    async def devices(self, person_id: UUID, now: datetime) -> Sequence[Device]:
        """The devices a person is known on, the last used first."""
        ...

    async def save_device(self, device: Device) -> None:
        """Keep a device, or what changed of it."""
        ...

    async def forget_device(self, device: Device) -> None:
        """The person is not known on the device any more."""
        ...

    async def forget_devices(self, person_id: UUID) -> None:
        """The person is not known on any device any more, and no second code makes one known."""
        ...

    async def challenge(self, id_hash: str) -> Challenge | None:
        """A challenge that was sent, by the hash of its id."""
        ...

    async def save_challenge(self, challenge: Challenge) -> None:
        """Keep a challenge, or what became of it."""
        ...
