"""What the use cases ask of passkeys and their ceremonies."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.passkey import Ceremony, Passkey


class Passkeys(Protocol):
    """Passkeys, and the questions that authenticators are to answer."""

    async def save_passkey_ceremony(self, ceremony: Ceremony) -> None:
        """Keep a question until it is answered or too late."""
        ...

    async def passkey_ceremony(self, ceremony_id: str) -> Ceremony | None:
        """The question of this id, unless it was answered."""
        ...

    async def end_passkey_ceremony(self, ceremony: Ceremony) -> None:
        """This question was answered: nobody can answer it again."""
        ...

    async def passkey(self, passkey_id: UUID) -> Passkey | None:
        """A passkey, whoever it belongs to."""
        ...

    async def passkeys(self, person_id: UUID) -> Sequence[Passkey]:
        """A person's passkeys, the first added first."""
        ...

    async def save_passkey(self, passkey: Passkey, *events: Event) -> None:
        """Keep a new passkey, or that one was used, and say what happened."""
        ...

    async def remove_passkey(self, passkey: Passkey, *events: Event) -> None:
        """Forget a passkey, and say so."""
        ...

    async def remove_passkeys(self, person_id: UUID) -> None:
        """Forget all passkeys of a person, and what they were about to add."""
        ...
