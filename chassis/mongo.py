"""MongoDB, through Motor or its successor; the only file that knows which."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from pymongo import IndexModel, ReadPreference, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chassis.ids import jitter

R = TypeVar("R")
Document = dict[str, Any]
Filter = Mapping[str, Any]

SAFE = {"w": "majority", "journal": True, "readConcernLevel": "majority", "retryWrites": True}
DUPLICATE_KEY = 11000
CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, uuid_representation=4
)  # 4: UUIDs as the standard binary subtype


class DatabaseDown(Exception):
    """The database did not answer in time; a write may or may not have happened."""


class Duplicate(Exception):
    """A unique index refused a write: somebody else was faster. Carries no value."""


class Conflict(Exception):
    """Two transactions met on one document; the whole transaction is to be run again."""


@dataclass(frozen=True)
class Index:
    """An index a service relies on. A leading `-` in a key means descending."""

    keys: tuple[str, ...]
    unique: bool = False
    expire_after: timedelta | None = None
    only_where: Filter | None = None

    def model(self) -> IndexModel:
        """The driver's own description of it."""
        keys = [(key.lstrip("-"), -1 if key.startswith("-") else 1) for key in self.keys]
        options: dict[str, Any] = {"unique": True} if self.unique else {}
        if self.expire_after is not None:
            options["expireAfterSeconds"] = int(self.expire_after.total_seconds())
        if self.only_where is not None:
            options["partialFilterExpression"] = dict(self.only_where)
        return IndexModel(keys, **options)


class Collection:
    """One collection, every call inside the transaction it was taken from (or in none, for reads)."""

    def __init__(self, raw: Any, session: Any) -> None:
        self._raw = raw
        self._session = session

    async def find_one(self, where: Filter, *, only: Sequence[str] | None = None) -> Document | None:
        """The first match, or None; `only` names the fields to return beside `_id`."""
        found: Document | None = await self._raw.find_one(where, projection=only, session=self._session)
        return found

    async def find(
        self, where: Filter, *, sort: Sequence[str] = (), limit: int = 0, only: Sequence[str] | None = None
    ) -> list[Document]:
        """All matches (at most `limit` when it is not 0), sorted; a leading `-` sorts descending."""
        cursor = self._raw.find(where, projection=only, session=self._session)
        if sort:
            cursor = cursor.sort([(key.lstrip("-"), -1 if key.startswith("-") else 1) for key in sort])
        found: list[Document] = await cursor.limit(limit).to_list(None)
        return found

    async def count(self, where: Filter) -> int:
        """How many documents match."""
        counted: int = await self._raw.count_documents(where, session=self._session)
        return counted

    async def insert(self, *documents: Document) -> None:
        """Insert them all. Raises Duplicate when a unique index refuses one."""
        with _translated():
            if len(documents) == 1:
                await self._raw.insert_one(documents[0], session=self._session)
            else:
                await self._raw.insert_many(documents, session=self._session)

    async def update(self, where: Filter, change: Filter, *, upsert: bool = False) -> int:
        """Change the first match; how many matched, an inserted one included. Raises Duplicate."""
        with _translated():
            done = await self._raw.update_one(where, change, upsert=upsert, session=self._session)
        return int(done.matched_count) + (done.upserted_id is not None)

    async def update_each(self, changes: Sequence[tuple[Filter, Filter]]) -> int:
        """Change or insert one document for each (where, change), up to one that a unique index refuses; how many."""
        try:
            writes = [UpdateOne(where, change, upsert=True) for where, change in changes]
            await self._raw.bulk_write(writes, session=self._session)
        except BulkWriteError as refused:
            errors = refused.details["writeErrors"]
            if not errors or errors[0]["code"] != DUPLICATE_KEY:
                raise
            return int(errors[0]["index"])
        return len(writes)

    async def update_all(self, where: Filter, change: Filter) -> int:
        """Change every match; how many matched."""
        done = await self._raw.update_many(where, change, session=self._session)
        return int(done.matched_count)

    async def replace(self, where: Filter, document: Document, *, upsert: bool = False) -> int:
        """Replace the first match; how many matched, an inserted one included. Raises Duplicate."""
        with _translated():
            done = await self._raw.replace_one(where, document, upsert=upsert, session=self._session)
        return int(done.matched_count) + (done.upserted_id is not None)

    async def delete(self, where: Filter) -> int:
        """Delete every match; how many there were."""
        done = await self._raw.delete_many(where, session=self._session)
        return int(done.deleted_count)


class _translated:  # noqa: N801 - reads as a word at its calls
    """Turn the driver's duplicate-key error, whose text quotes the key, into one without text."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DuplicateKeyError):
            raise Duplicate from None


class _Bounded:
    """A deadline around calls of the driver; a class, since every read of the home page passes here."""

    __slots__ = ("_timeout",)

    def __init__(self, seconds: float) -> None:
        self._timeout = pymongo.timeout(seconds)

    async def __aenter__(self) -> None:
        self._timeout.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timeout.__exit__(kind, error, trace)
        if isinstance(error, ConnectionFailure | ExecutionTimeout) or (
            isinstance(error, PyMongoError) and error.timeout
        ):
            raise DatabaseDown(type(error).__name__) from None


class Database:
    """One service's database. Nothing connects before the first call."""

    def __init__(self, url: str, name: str, *, driver: Literal["motor", "pymongo"], deadline: timedelta) -> None:
        self.deadline = deadline.total_seconds()
        self._asynchronous = driver == "pymongo"
        self.client: Any = _client(url, driver)
        self.name = name
        self._collections: dict[str, Any] = {}
        self.raw: Any = self.client.get_database(name, codec_options=CODEC)

    def __getitem__(self, name: str) -> Collection:
        """A collection outside any transaction."""
        return self.collection(name, None)

    def collection(self, name: str, session: Any) -> Collection:
        """A collection inside a session's transaction. The driver's own object costs 50 µs, so it is kept."""
        if name not in self._collections:
            self._collections[name] = self.raw[name]
        return Collection(self._collections[name], session)

    async def close(self) -> None:
        """Close every connection."""
        closing = self.client.close()
        if closing is not None:
            await closing

    async def ping(self) -> None:
        """Raises DatabaseDown unless the database answers within its deadline."""
        async with self.bounded():
            await self.raw.command("ping")

    async def instant(self) -> datetime:
        """The database's own time in UTC, which all processes of a service share. Raises DatabaseDown."""
        async with self.bounded():
            told: datetime = (await self.raw.command("hello"))["localTime"]
        return told.replace(tzinfo=UTC)

    async def ensure_indexes(self, indexes: Mapping[str, Sequence[Index]]) -> None:
        """Create what is missing."""
        for name, wanted in indexes.items():
            await self.raw[name].create_indexes([index.model() for index in wanted])

    def watch(self, name: str) -> Any:
        """The driver's change stream of inserts into a collection (to be awaited on the asynchronous driver)."""
        return self.raw[name].watch([{"$match": {"operationType": "insert"}}], max_await_time_ms=1000)

    def bounded(self, seconds: float | None = None) -> "_Bounded":
        """Give everything inside one deadline together. Raises DatabaseDown when it passes or nobody answers."""
        return _Bounded(seconds or self.deadline)

    async def transaction(self, body: Callable[[Any], Awaitable[R]], *, seconds: float | None = None) -> R:
        """Run `body(session)` and commit, or leave no trace.

        The body runs again from its start when two transactions met (Conflict, or the driver's transient
        errors), within the deadline; so it must do nothing but read and write through the session.
        """
        ends = time.monotonic() + (seconds or self.deadline)
        async with self.bounded(seconds), self._session() as session:
            attempt = 0
            while True:
                try:
                    return await self._attempt(session, body)
                except (Conflict, PyMongoError) as error:
                    if not _transient(error):
                        raise
                    if time.monotonic() > ends:
                        raise DatabaseDown("conflict") from None
                attempt += 1
                await asyncio.sleep(jitter(min(0.005 * 2**attempt, 0.1)))

    async def _attempt(self, session: Any, body: Callable[[Any], Awaitable[R]]) -> R:
        starting = session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority", j=True),
            read_preference=ReadPreference.PRIMARY,
        )
        if self._asynchronous:
            await starting
        try:
            result = await body(session)
        except BaseException:
            await _abort(session)
            raise
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if error.has_error_label("UnknownTransactionCommitResult") and not error.timeout:
                    continue
                raise
            return result

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        session = self.client.start_session()
        if not self._asynchronous:
            session = await session
        try:
            yield session
        finally:
            await session.end_session()


async def _abort(session: Any) -> None:
    """Abort if there is still something to abort; a server that is gone has aborted by itself."""
    try:
        await session.abort_transaction()
    except PyMongoError:
        return


def _transient(error: Exception) -> bool:
    if isinstance(error, Conflict):
        return True
    return isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")


def _client(url: str, driver: Literal["motor", "pymongo"]) -> Any:
    options: dict[str, Any] = {
        **SAFE,
        "maxPoolSize": 50,
        "serverSelectionTimeoutMS": 2000,
        "connectTimeoutMS": 1000,
        "uuidRepresentation": "standard",
        "tz_aware": True,
    }
    if driver == "pymongo":
        return pymongo.AsyncMongoClient(url, **options)
    # Motor reads this once, at import; its default (5 threads a core) makes calls queue when the database hangs.
    os.environ.setdefault("MOTOR_MAX_WORKERS", "64")
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415

    return AsyncIOMotorClient(url, **options)
