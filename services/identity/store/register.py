"""The register of insured persons."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.mongo import Index
from contracts.birth_date import BirthDate
from contracts.event import Event
from services.identity.domain import pivot
from services.identity.domain.insured import CardState, InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {
    "insured": [Index(("nir_index",), unique=True), Index(("pivot_index",))],
    "nir_aliases": [Index(("nir_index",))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"insured": ("nir", "iban", "serial")}


class RegisterStore(Base):
    """The register of insured persons."""

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        found = await self._tx["insured"].find_one({"nir_index": await self._number(nir)})
        return await self._person(found) if found else None

    async def entry_by_nir(self, nir: Nir) -> RegisterEntry | None:
        """All that the register holds on the person with this number."""
        return await self._entry({"nir_index": await self._number(nir)})

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        return await self._entry({"_id": str(person_id)})

    async def candidates(self, keys: Sequence[str]) -> Sequence[InsuredPerson]:
        """Everybody who is found under one of these keys (`pivot.search_keys`)."""
        found = [await self._tx["insured"].find({"pivot_index": self._pivot_index(key)}) for key in keys]
        return [await self._person(each) for alike in found for each in alike]

    async def save_entry(self, entry: RegisterEntry, *events: Event) -> None:
        """Add a person to the register, or replace what it holds, and say what that changes."""
        person = entry.person
        document = {
            "_id": str(person.id),
            "nir_index": self._nir_index(person.nir),
            "pivot_index": self._pivot_index(pivot.search_key(person)),
            "nir": await self._cipher.encrypt(person.nir.body),
            "iban": await self._close(entry.iban),
            "serial": await self._close(entry.vitale_serial),
            "card_state": entry.card_state.value,
            "birth_last_name": person.birth_last_name,
            "usage_last_name": person.usage_last_name,
            "first_name": person.first_name,
            "birth_date": str(person.birth_date),
            "postal_code": person.postal_code,
            "caisse": person.caisse,
            "regime": person.regime,
        }
        await self._tx["insured"].replace({"_id": document["_id"]}, document, upsert=True)
        await self._say(events)

    async def save_alias(self, old: Nir, new: Nir, *events: Event) -> None:
        """Let the old number name whom the new one names, and say so."""
        document = {"_id": self._nir_index(old), "nir_index": self._nir_index(new), "since": self._tx.now}
        await self._tx["nir_aliases"].insert(document)
        await self._say(events)

    async def _say(self, events: Sequence[Event]) -> None:
        for event in events:
            await self._tx.publish(event, subject=event.person_id)

    async def _entry(self, where: Mapping[str, Any]) -> RegisterEntry | None:
        found = await self._tx["insured"].find_one(where)
        if found is None:
            return None
        return RegisterEntry(
            await self._person(found),
            await self._open(found["iban"]),
            await self._open(found["serial"]),
            CardState(found.get("card_state", CardState.ACTIVE)),
        )

    async def _person(self, found: Mapping[str, Any]) -> InsuredPerson:
        return InsuredPerson(
            id=UUID(found["_id"]),
            nir=Nir(await self._cipher.decrypt(found["nir"])),
            birth_last_name=found["birth_last_name"],
            usage_last_name=found["usage_last_name"],
            first_name=found["first_name"],
            birth_date=BirthDate.read(found["birth_date"]),
            postal_code=found["postal_code"],
            caisse=found["caisse"],
            regime=found["regime"],
        )

    def _pivot_index(self, key: str) -> str:
        return self._cipher.blind(f"pivot:{key}")
