"""Changes the keys of encrypted fields while the service runs: `rotate-keys`.

Three steps, each of which may be cut short and is taken up again by the next call: every data key is wrapped by the
current master key; a new data key takes the name that new values are encrypted under; every stored field is encrypted
again under it, unless somebody changed it meanwhile. Old data keys stay: a backup of the database needs them.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from bson.binary import Binary

from chassis.clock import now
from chassis.encryption import KEYS, Damaged, KeyOutOfReach, data_key_of
from chassis.failpoints import failpoint
from chassis.ids import new_id
from chassis.mongo import DatabaseDown, Document, Duplicate
from chassis.service import Service

ENCRYPTED_BY_CHASSIS: Mapping[str, Sequence[str]] = {"inbox": ("value",)}
ENCRYPTED_SUBTYPE = 6
BATCH = 200
AT_ONCE = 8
BATCH_IN_TIME = 30.0
# A running process may use the old data key for as long as its driver remembers whose the name is.
REMEMBERED = timedelta(seconds=65)
ROTATION = "field-keys"
USAGE = "usage: rotate-keys\n"


class Outcome(Enum):
    """What became of one field under an old data key."""

    RENEWED = "renewed"
    OVERTAKEN = "overtaken"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Field:
    """One encrypted value and where it stands."""

    collection: str
    row: Any
    path: str
    value: Binary


@dataclass(frozen=True)
class Rotated:
    """What one call found and did. `left` are fields that could not be read; they stay as they are."""

    data_keys: int = 0
    renewed: int = 0
    left: int = 0


async def rotate(
    service: Service, encrypted: Mapping[str, Sequence[str]], *, remembered: timedelta = REMEMBERED
) -> Rotated:
    """Change the keys of all fields in `encrypted` (collection -> dotted field paths); what was done.

    Safe beside running processes and beside another call; finishes the call before it if that was cut short.
    Returns only when nothing is encrypted under an older data key. Raises KeyOutOfReach, DatabaseDown.
    """
    await service.cipher.prepare()
    wrapped = await service.cipher.rewrap()
    data_key, since = await _current(service)
    declared = {**ENCRYPTED_BY_CHASSIS, **encrypted}
    renewed, _ = await _sweep(service, declared, data_key)
    await asyncio.sleep(max((since + remembered - now()).total_seconds(), 0))
    late, left = await _sweep(service, declared, data_key)
    async with service.database.bounded():
        await service.database["rotations"].update({"_id": ROTATION}, {"$set": {"state": "done", "done_at": now()}})
    return Rotated(wrapped, renewed + late, left)


async def _current(service: Service) -> tuple[UUID, datetime]:
    """The data key of the rotation under way, begun now if there is none; and since when it has the name."""
    async with service.database.bounded():
        under_way = await service.database["rotations"].find_one({"_id": ROTATION, "state": "running"})
    if under_way:
        return under_way["data_key"], under_way["since"]
    coming = f"{service.database.name}/next"
    await service.cipher.new_data_key(coming)
    failpoint("R1")

    async def give_name(session: Any) -> tuple[UUID, datetime]:
        keys, rotations = (service.database.collection(name, session) for name in (KEYS, "rotations"))
        key = await keys.find_one({"keyAltNames": coming}, only=["keyAltNames"])
        if key is None:
            # Another call was faster; its rotation is this one's too.
            begun = await rotations.find_one({"_id": ROTATION})
            assert begun is not None  # noqa: S101
            return begun["data_key"], begun["since"]
        since = now()
        former = {"$set": {"keyAltNames": [f"{service.database.name}/{new_id()}"]}}
        await keys.update({"keyAltNames": service.database.name}, former)
        await keys.update({"_id": key["_id"]}, {"$set": {"keyAltNames": [service.database.name]}})
        begun = {"state": "running", "data_key": key["_id"], "since": since}
        await rotations.replace({"_id": ROTATION}, {"_id": ROTATION, **begun}, upsert=True)
        return key["_id"], since

    return await service.database.transaction(give_name)


async def _sweep(service: Service, declared: Mapping[str, Sequence[str]], data_key: UUID) -> tuple[int, int]:
    """Encrypt again what is under another data key: how many fields were, and how many cannot be."""
    renewed = left = 0
    for name, paths in declared.items():
        async for rows in _batches(service, name, paths):
            found = (Field(name, row["_id"], path, value) for row in rows for path, value in _fields(row, paths))
            stale = [field for field in found if data_key_of(field.value) != data_key]
            for start in range(0, len(stale), AT_ONCE):
                some = (_renew(service, field, data_key) for field in stale[start : start + AT_ONCE])
                outcomes = await asyncio.gather(*some)
                renewed += outcomes.count(Outcome.RENEWED)
                left += outcomes.count(Outcome.UNREADABLE)
            failpoint("R2")
    return renewed, left


async def _batches(service: Service, name: str, paths: Sequence[str]) -> AsyncIterator[list[Document]]:
    """The documents of a collection that have one of the fields, in the order of their ids."""
    present = {"$or": [{path: {"$exists": True}} for path in paths]}
    after: Document = {}
    while True:
        async with service.database.bounded(BATCH_IN_TIME):
            rows = await service.database[name].find({**after, **present}, sort=("_id",), limit=BATCH, only=paths)
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        after = {"_id": {"$gt": rows[-1]["_id"]}}


async def _renew(service: Service, field: Field, data_key: UUID) -> Outcome:
    """Put a new ciphertext where the old one stands, unless a running process was faster."""
    async with service.database.bounded(BATCH_IN_TIME):
        try:
            fresh = await service.cipher.encrypt(await service.cipher.decrypt(field.value), data_key=data_key)
        except Damaged:
            return Outcome.UNREADABLE
        unchanged = {"_id": field.row, field.path: field.value}
        changed = await service.database[field.collection].update(unchanged, {"$set": {field.path: fresh}})
        return Outcome.RENEWED if changed else Outcome.OVERTAKEN


def _fields(row: Document, paths: Sequence[str]) -> Iterator[tuple[str, Binary]]:
    """Every encrypted value under the paths with its exact place: an element of a list has its number in it."""
    for path in paths:
        yield from _walk(row, path.split("."), "")


def _walk(value: Any, path: Sequence[str], place: str) -> Iterator[tuple[str, Binary]]:
    if isinstance(value, list):
        for number, element in enumerate(value):
            yield from _walk(element, path, f"{place}.{number}")
    elif path and isinstance(value, dict):
        yield from _walk(value.get(path[0]), path[1:], f"{place}.{path[0]}" if place else path[0])
    elif not path and isinstance(value, Binary) and value.subtype == ENCRYPTED_SUBTYPE:
        yield place, value


async def main(
    arguments: Sequence[str],
    service: Service,
    encrypted: Mapping[str, Sequence[str]],
    *,
    remembered: timedelta = REMEMBERED,
) -> int:
    """`rotate-keys`: rotate, say in one line what was done, and return the exit code. Takes about a minute."""
    if list(arguments) != ["rotate-keys"]:
        sys.stderr.write(USAGE)
        return 2
    try:
        done = await rotate(service, encrypted, remembered=remembered)
    except (KeyOutOfReach, DatabaseDown, Duplicate) as trouble:
        sys.stderr.write(f"keys not rotated, run it again: {type(trouble).__name__} {trouble}\n")
        return 1
    finally:
        await service.database.close()
    sys.stdout.write(f"data keys wrapped: {done.data_keys}, fields renewed: {done.renewed}, unreadable: {done.left}\n")
    return 1 if done.left else 0
