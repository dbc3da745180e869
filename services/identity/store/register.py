"""The register of insured persons."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.mongo import Index
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {"insured": [Index(("nir_index",), unique=True)]}
ENCRYPTED: Mapping[str, Sequence[str]] = {"insured": ("nir", "iban", "serial")}


class RegisterStore(Base):
    """The register of insured persons."""

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        found = await self._tx["insured"].find_one({"nir_index": self._nir_index(nir)})
        return _person(found, nir) if found else None

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        found = await self._tx["insured"].find_one({"_id": str(person_id)})
        if found is None:
            return None
        nir = Nir(await self._cipher.decrypt(found["nir"]))
        return RegisterEntry(_person(found, nir), await self._open(found["iban"]), await self._open(found["serial"]))

    async def save_entry(self, entry: RegisterEntry) -> None:
        """Add a person to the register, or replace what it holds."""
        person = entry.person
        document = {
            "_id": str(person.id),
            "nir_index": self._nir_index(person.nir),
            "nir": await self._cipher.encrypt(person.nir.body),
            "iban": await self._close(entry.iban),
            "serial": await self._close(entry.vitale_serial),
            "birth_last_name": person.birth_last_name,
            "usage_last_name": person.usage_last_name,
            "first_name": person.first_name,
            "birth_date": person.birth_date.isoformat(),
            "postal_code": person.postal_code,
            "caisse": person.caisse,
            "regime": person.regime,
        }
        await self._tx["insured"].replace({"_id": document["_id"]}, document, upsert=True)


def _person(found: Mapping[str, Any], nir: Nir) -> InsuredPerson:
    return InsuredPerson(
        id=UUID(found["_id"]),
        nir=nir,
        birth_last_name=found["birth_last_name"],
        usage_last_name=found["usage_last_name"],
        first_name=found["first_name"],
        birth_date=date.fromisoformat(found["birth_date"]),
        postal_code=found["postal_code"],
        caisse=found["caisse"],
        regime=found["regime"],
    )
