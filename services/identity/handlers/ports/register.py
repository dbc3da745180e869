"""What the use cases ask of the register of insured persons."""

from typing import Protocol
from uuid import UUID

from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir


class Register(Protocol):
    """The caisse's register."""

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        ...

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        ...

    async def save_entry(self, entry: RegisterEntry) -> None:
        """Add a person to the register, or replace what it holds."""
        ...
