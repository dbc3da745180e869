"""What procedures keeps in MongoDB: requests, and the persons who may make them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from chassis.outbox import Transaction
from contracts.event import Event
from services.procedures.domain.parameters import Parameters
from services.procedures.domain.persons import Heard
from services.procedures.domain.requests import Position, Request
from services.procedures.domain.vitale_card import Person

INDEXES: Mapping[str, Sequence[Index]] = {
    "requests": [
        Index(("person_id", "-ordered_at")),
        Index(("person_id", "kind"), unique=True, only_where={"open": True}),
        Index(("tracking_number",), unique=True),
    ],
}

_requests = TypeAdapter(Request)
_persons = TypeAdapter(Person)


class MongoStore:
    """The store that the handlers ask for, inside one transaction."""

    def __init__(self, tx: Transaction, parameters: Parameters) -> None:
        self._tx = tx
        self.parameters = parameters

    async def heard(self, person_id: UUID) -> Heard:
        """What was heard of a person; who moved without having an account has no name here."""
        found = await self._tx["persons"].find_one({"_id": str(person_id)}) or {}
        told = _persons.validate_python(found, extra="ignore") if "birth_date" in found else None
        return Heard(told, found.get("told_by", 0), found.get("moved_to"), found.get("moved_by", 0))

    async def remember(self, person_id: UUID, heard: Heard) -> None:
        """Keep what was heard of a person, in place of what was known before."""
        who = _persons.dump_python(heard.told, mode="json") if heard.told else {}
        facts = {"told_by": heard.told_by, "moved_to": heard.moved_to, "moved_by": heard.moved_by}
        document = {"_id": str(person_id), **who, **facts}
        await self._tx["persons"].replace({"_id": document["_id"]}, document, upsert=True)

    async def request_of(self, person_id: UUID, request_id: UUID) -> Request | None:
        """A request, if it belongs to this person."""
        found = await self._tx["requests"].find_one({"_id": str(request_id), "person_id": str(person_id)})
        return _requests.validate_python(found, extra="ignore") if found else None

    async def open_requests(self, person_id: UUID) -> Sequence[Request]:
        """The person's requests that are not closed."""
        return await self._found({"person_id": str(person_id), "open": True})

    async def requests(self, person_id: UUID, *, after: Position | None, limit: int) -> Sequence[Request]:
        """The person's requests after a place in the list, newest first, at most `limit`."""
        where: dict[str, Any] = {"person_id": str(person_id)}
        if after:
            at, last = after.ordered_at, str(after.request_id)
            where["$or"] = [{"ordered_at": {"$lt": at}}, {"ordered_at": at, "_id": {"$lt": last}}]
        return await self._found(where, sort=("-ordered_at", "-_id"), limit=limit)

    async def is_taken(self, tracking_number: str) -> bool:
        """Whether a request has this tracking number."""
        return await self._tx["requests"].find_one({"tracking_number": tracking_number}, only=["_id"]) is not None

    async def add(self, request: Request, *events: Event) -> None:
        """Store a new request and say so.

        A second open one of its person and kind, or a second tracking number, is a Duplicate: the work is
        decided again on what was stored meanwhile.
        """
        document = {
            **_requests.dump_python(request, mode="json"),
            "_id": str(request.id),
            "ordered_at": request.ordered_at,
            "open": request.is_open,
        }
        await self._tx["requests"].insert(document)
        await self._tx.publish(*events, subject=request.id)

    async def _found(self, where: dict[str, Any], *, sort: Sequence[str] = (), limit: int = 0) -> Sequence[Request]:
        documents = await self._tx["requests"].find(where, sort=sort, limit=limit)
        return [_requests.validate_python(document, extra="ignore") for document in documents]
