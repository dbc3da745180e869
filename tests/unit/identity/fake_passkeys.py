"""The fake store's part for passkeys."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.event import Event
from services.identity.domain.passkey import Ceremony, Passkey


class FakePasskeys:
    """In dictionaries."""

    events: list[Event]

    def __init__(self) -> None:
        super().__init__()
        self.ceremonies: dict[str, Ceremony] = {}
        self.kept: dict[UUID, Passkey] = {}

    async def save_passkey_ceremony(self, ceremony: Ceremony) -> None:
        assert ceremony.id not in self.ceremonies
        self.ceremonies[ceremony.id] = ceremony

    async def passkey_ceremony(self, ceremony_id: str) -> Ceremony | None:
        return self.ceremonies.get(ceremony_id)

    async def end_passkey_ceremony(self, ceremony: Ceremony) -> None:
        del self.ceremonies[ceremony.id]

    async def passkey(self, passkey_id: UUID) -> Passkey | None:
        return self.kept.get(passkey_id)

    async def passkeys(self, person_id: UUID) -> Sequence[Passkey]:
        mine = [each for each in self.kept.values() if each.person_id == person_id]
        return sorted(mine, key=lambda each: (each.added_at, str(each.id)))

    async def save_passkey(self, passkey: Passkey, *events: Event) -> None:
        known = self.kept.get(passkey.id)
        assert passkey.version == (known.version if known else 0)
        self.kept[passkey.id] = replace(passkey, version=passkey.version + 1)
        self.events += events

    async def remove_passkey(self, passkey: Passkey, *events: Event) -> None:
        del self.kept[passkey.id]
        self.events += events

    async def remove_passkeys(self, person_id: UUID) -> None:
        self.kept = {key: each for key, each in self.kept.items() if each.person_id != person_id}
        self.ceremonies = {key: each for key, each in self.ceremonies.items() if each.person_id != person_id}
