"""Where home pages, revoked sessions and identity's public keys are kept."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Collection, Database, Index
from chassis.outbox import Transaction
from contracts.channel import Channel
from services.gateway.domain.home import Home
from services.gateway.domain.rendering import Caisse

INDEXES: Mapping[str, Sequence[Index]] = {"revoked": [Index(("at",), expire_after=timedelta(hours=1))]}
CAISSES = Path(__file__).with_name("caisses.json")
IDENTITY = "identity"

_homes = TypeAdapter(Home)


class Caisses:
    """The caisses by code, from a data file."""

    def __init__(self, file: Path = CAISSES) -> None:
        data = json.loads(file.read_text(encoding="utf-8"))
        self._unknown = Caisse(None, None, data["phone"])
        self._known = {
            code: Caisse(caisse["name"], caisse["town"], data["phone"]) for code, caisse in data["caisses"].items()
        }

    def __getitem__(self, code: str) -> Caisse:
        return self._known.get(code, self._unknown)


class MongoPages:
    """The prepared answers: one look-up by id, of the bytes of one channel."""

    def __init__(self, homes: Collection) -> None:
        self._homes = homes

    async def page(self, person_id: UUID, channel: Channel) -> bytes | None:
        found = await self._homes.find_one({"_id": str(person_id)}, only=[channel.value])
        return found[channel.value] if found else None

    async def page_and_seen(self, person_id: UUID, channel: Channel) -> tuple[bytes, Mapping[str, int]] | None:
        found = await self._homes.find_one({"_id": str(person_id)}, only=[channel.value, "seen"])
        return (found[channel.value], found["seen"]) if found else None


class Pages:
    """The prepared answers outside any transaction, each look-up within the database's deadline."""

    def __init__(self, database: Database) -> None:
        self._bounded = database.bounded
        self._pages = MongoPages(database["home"])

    async def page(self, person_id: UUID, channel: Channel) -> bytes | None:
        async with self._bounded():
            return await self._pages.page(person_id, channel)

    async def page_and_seen(self, person_id: UUID, channel: Channel) -> tuple[bytes, Mapping[str, int]] | None:
        async with self._bounded():
            return await self._pages.page_and_seen(person_id, channel)


class MongoStore(MongoPages):
    """One document a person in `home`: what is known, up to where, and the answer of each channel as bytes."""

    def __init__(self, tx: Transaction, caisses: Caisses) -> None:
        super().__init__(tx["home"])
        self._tx = tx
        self._caisses = caisses

    async def home(self, person_id: UUID) -> Home | None:
        found = await self._homes.find_one({"_id": str(person_id)}, only=["state", "seen"])
        return _homes.validate_python({**found["state"], "seen": found["seen"]}) if found else None

    async def save(self, home: Home, pages: Mapping[Channel, bytes]) -> None:
        state: dict[str, Any] = _homes.dump_python(home, mode="json", exclude={"seen"})
        prepared = {channel.value: page for channel, page in pages.items()}
        document = {"_id": str(home.person_id), "state": state, "seen": dict(home.seen), **prepared}
        await self._homes.replace({"_id": document["_id"]}, document, upsert=True)

    def caisse(self, code: str) -> Caisse:
        return self._caisses[code]

    async def keep_revoked(self, session_ids: Iterable[UUID], at: datetime) -> None:
        for session_id in session_ids:
            await self._tx["revoked"].replace({"_id": str(session_id)}, {"_id": str(session_id), "at": at}, upsert=True)

    async def revoked_since(self, since: datetime) -> Sequence[UUID]:
        found = await self._tx["revoked"].find({"at": {"$gte": since}}, only=["_id"])
        return [UUID(each["_id"]) for each in found]

    async def keep_keys(self, jwks: str) -> None:
        await self._tx["jwks"].replace({"_id": IDENTITY}, {"_id": IDENTITY, "keys": jwks}, upsert=True)

    async def keys(self) -> str | None:
        found = await self._tx["jwks"].find_one({"_id": IDENTITY})
        return str(found["keys"]) if found else None
