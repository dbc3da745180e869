"""What the use cases ask of the register of insured persons."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir


class Register(Protocol):
    """The caisse's register. A number that was provisional goes on naming the person it named."""

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        ...

    async def entry_by_nir(self, nir: Nir) -> RegisterEntry | None:
        """All that the register holds on the person with this number."""
        ...

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        ...

    async def candidates(self, keys: Sequence[str]) -> Sequence[InsuredPerson]:
        """Everybody who is found under one of these keys (`pivot.search_keys`)."""
        ...

    async def save_entry(self, entry: RegisterEntry, *events: Event) -> None:
        """Add a person to the register, or replace what it holds, and say what that changes."""
        ...

    async def save_alias(self, old: Nir, new: Nir, *events: Event) -> None:
        """Let the old number name whom the new one names, and say so."""
        ...
