"""Passkeys and their ceremonies."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.mongo import Conflict, Index
from contracts.event import Event
from services.identity.domain.passkey import Ceremony, Credential, Passkey
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {
    "passkeys": [Index(("person_id",))],
    "passkey_ceremonies": [Index(("expires_at",), expire_after=timedelta(0)), Index(("person_id",))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {}


class PasskeyStore(Base):
    """Passkeys and their ceremonies. What is kept of a passkey is public: it lets nobody in."""

    async def save_passkey_ceremony(self, ceremony: Ceremony) -> None:
        """Keep a question until it is answered or too late."""
        person = str(ceremony.person_id) if ceremony.person_id else None
        document = {"_id": ceremony.id, "person_id": person, "expires_at": ceremony.expires_at}
        await self._tx["passkey_ceremonies"].insert(document)

    async def passkey_ceremony(self, ceremony_id: str) -> Ceremony | None:
        """The question of this id, unless it was answered."""
        found = await self._tx["passkey_ceremonies"].find_one({"_id": ceremony_id})
        if found is None:
            return None
        person = UUID(found["person_id"]) if found["person_id"] else None
        return Ceremony(ceremony_id, person, found["expires_at"])

    async def end_passkey_ceremony(self, ceremony: Ceremony) -> None:
        """This question was answered: nobody can answer it again."""
        if not await self._tx["passkey_ceremonies"].delete({"_id": ceremony.id}):
            raise Conflict

    async def passkey(self, passkey_id: UUID) -> Passkey | None:
        """A passkey, whoever it belongs to."""
        found = await self._tx["passkeys"].find_one({"_id": str(passkey_id)})
        return _passkey(found) if found else None

    async def passkeys(self, person_id: UUID) -> Sequence[Passkey]:
        """A person's passkeys, the first added first."""
        found = [_passkey(each) for each in await self._tx["passkeys"].find({"person_id": str(person_id)})]
        return sorted(found, key=lambda each: (each.added_at, str(each.id)))

    async def save_passkey(self, passkey: Passkey, *events: Event) -> None:
        """Keep a new passkey, or that one was used, and say what happened."""
        document = {
            "person_id": str(passkey.person_id),
            "credential_id": passkey.credential.id,
            "public_key": passkey.credential.public_key,
            "sign_count": passkey.credential.sign_count,
            "transports": list(passkey.credential.transports),
            "name": passkey.name,
            "added_at": passkey.added_at,
            "used_at": passkey.used_at,
            "version": passkey.version,
        }
        await self._save("passkeys", str(passkey.id), document)
        await self._tx.publish(*events, subject=passkey.person_id)

    async def remove_passkey(self, passkey: Passkey, *events: Event) -> None:
        """Forget a passkey, and say so."""
        if not await self._tx["passkeys"].delete({"_id": str(passkey.id)}):
            raise Conflict
        await self._tx.publish(*events, subject=passkey.person_id)

    async def remove_passkeys(self, person_id: UUID) -> None:
        """Forget all passkeys of a person, and what they were about to add."""
        await self._tx["passkeys"].delete({"person_id": str(person_id)})
        await self._tx["passkey_ceremonies"].delete({"person_id": str(person_id)})


def _passkey(found: Mapping[str, Any]) -> Passkey:
    return Passkey(
        id=UUID(found["_id"]),
        person_id=UUID(found["person_id"]),
        credential=Credential(
            id=bytes(found["credential_id"]),
            public_key=bytes(found["public_key"]),
            sign_count=found["sign_count"],
            transports=tuple(found["transports"]),
        ),
        name=found["name"],
        added_at=found["added_at"],
        used_at=found["used_at"],
        version=found["version"],
    )
