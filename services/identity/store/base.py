"""What every part of the store stands on: one transaction, the cipher, versions, blind indexes."""

from enum import Enum
from typing import Any
from uuid import UUID

from chassis.encryption import FieldCipher
from chassis.mongo import Conflict
from chassis.outbox import Transaction
from services.identity.domain.email import Email
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import Parameters


class Base:
    """One transaction. Numbers, e-mails and bank accounts are encrypted, and found by keyed hashes."""

    def __init__(self, tx: Transaction, cipher: FieldCipher, parameters: Parameters) -> None:
        self._tx = tx
        self._cipher = cipher
        self.parameters = parameters
        self._numbers: dict[str, str] = {}

    async def _save(self, name: str, key: str, document: dict[str, Any]) -> None:
        """Insert version 0 as version 1, or move the version that was loaded on by one."""
        version = document["version"]
        document = {**document, "version": version + 1}
        if version == 0:
            await self._tx[name].insert({"_id": key, **document})
        elif not await self._tx[name].update({"_id": key, "version": version}, {"$set": document}):
            raise Conflict

    async def _close(self, value: str | None) -> Any:
        return await self._cipher.encrypt(value) if value is not None else None

    async def _open(self, value: Any) -> str | None:
        return await self._cipher.decrypt(value) if value is not None else None

    def _nir_index(self, nir: Nir) -> str:
        return self._cipher.blind(f"nir:{nir.body}")

    async def _number(self, nir: Nir) -> str:
        """The index of the number that the register holds for whom this one names: itself, unless it was certified.

        Looked up once in a transaction, known or not.
        """
        index = self._nir_index(nir)
        if index not in self._numbers:
            alias = await self._tx["nir_aliases"].find_one({"_id": index})
            self._numbers[index] = alias["nir_index"] if alias else index
        return self._numbers[index]

    def _email_index(self, email: Email) -> str:
        return self._cipher.blind(f"email:{email.key}")


def plain(value: Any) -> Any:
    """The value in types that the database has: ids and choices as text, instants as they are."""
    match value:
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case _:
            return value
