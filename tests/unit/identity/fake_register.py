"""The fake store's part for the register."""

from collections.abc import Sequence
from uuid import UUID

from chassis.mongo import Duplicate
from contracts.event import Event
from services.identity.domain import pivot
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir


class FakeRegister:
    """In dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.registered: dict[UUID, RegisterEntry] = {}
        self.aliases: dict[Nir, Nir] = {}

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        found = await self.entry_by_nir(nir)
        return found.person if found else None

    async def entry_by_nir(self, nir: Nir) -> RegisterEntry | None:
        number = self.number(nir)
        return next((entry for entry in self.registered.values() if entry.person.nir == number), None)

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        return self.registered.get(person_id)

    async def candidates(self, keys: Sequence[str]) -> Sequence[InsuredPerson]:
        people = [entry.person for entry in self.registered.values()]
        return [person for key in keys for person in people if pivot.search_key(person) == key]

    async def save_entry(self, entry: RegisterEntry, *events: Event) -> None:
        numbers = {each.person.nir: each.person.id for each in self.registered.values()}
        if numbers.get(entry.person.nir, entry.person.id) != entry.person.id:
            raise Duplicate
        self.registered[entry.person.id] = entry
        self.events += events

    async def save_alias(self, old: Nir, new: Nir, *events: Event) -> None:
        assert old not in self.aliases
        self.aliases[old] = new
        self.events += events

    def number(self, nir: Nir) -> Nir:
        """The number that the register holds for whom this one names."""
        return self.aliases.get(nir, nir)
