"""State and events in one transaction: what a service writes and what it says about it are inserted together."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import telemetry
from chassis.clock import now
from chassis.ids import new_id
from chassis.mongo import Collection, Conflict, Database, Document, Duplicate, Index
from chassis.origin import is_opaque
from contracts.envelope import Envelope, decode, encode
from contracts.event import Event

KEPT = timedelta(days=8)
INDEXES: Mapping[str, Sequence[Index]] = {
    # One index only: each one that contains the state is paid again when a row is marked.
    "outbox": [Index(("state", "at"))],
}


class Transaction:
    """The database inside one transaction, and the door through which events leave it."""

    def __init__(self, database: Database, session: Any, source: str) -> None:
        self._database = database
        self._session = session
        self._source = source
        self.now = now()
        self.sequences: dict[str, int] = {}

    def __getitem__(self, name: str) -> Collection:
        return self._database.collection(name, self._session)

    async def publish(self, *events: Event, subject: UUID | str) -> None:
        """Store events to be published after the commit, in this order, as the next of their person.

        `subject` is the id of the thing they are about. Raises ValueError for a number that names a person.
        """
        if not is_opaque(str(subject)):
            raise ValueError("the subject of an event must be an opaque id")
        for event in events:
            key = str(event.person_id)
            sequence, at = await self._next(key)
            envelope = Envelope(
                id=str(new_id()),
                type=event.type,
                source=self._source,
                subject=str(subject),
                key=key,
                time=self.now,
                data=event.model_dump(mode="json"),
                sequence=sequence,
                traceparent=telemetry.traceparent(),
            )
            await self["outbox"].insert(row(envelope, event.topic, at=at))
            self.sequences[key] = sequence

    async def _next(self, key: str) -> tuple[int, datetime]:
        """The person's next sequence, and an instant later than the one of the sequence before.

        Two transactions of one person meet on this document and run one after the other, so the order of
        sequences is the order of commits. The instant never goes back for one person, whatever the clocks
        of two machines say; the relay publishes in its order.
        """
        counters = self["sequences"]
        counter = await counters.find_one({"_id": key})
        if counter is None:
            try:
                await counters.insert({"_id": key, "last": 1, "at": self.now})
            except Duplicate:
                raise Conflict from None
            return 1, self.now
        sequence = int(counter["last"]) + 1
        at = max(self.now, counter["at"] + timedelta(milliseconds=1))
        moved = await counters.update({"_id": key, "last": counter["last"]}, {"$set": {"last": sequence, "at": at}})
        if not moved:
            raise Conflict
        return sequence, at


def row(envelope: Envelope, topic: str, *, at: datetime) -> Document:
    """An outbox row that waits for the relay."""
    return {
        "_id": envelope.id,
        "key": envelope.key,
        "sequence": envelope.sequence,
        "topic": topic,
        "type": envelope.type,
        "subject": envelope.subject,
        "traceparent": envelope.traceparent,
        "value": encode(envelope),
        "state": "pending",
        "round": 0,
        "at": at,
    }


def envelope_of(document: Document) -> Envelope:
    """The envelope that a row carries."""
    return decode(document["value"])


def dead_letter(topic: str, *, key: str, reason: str, about: Envelope | None, at: datetime) -> Document:
    """A row for `<topic>.dead`: which event had no effect here, and why.

    What it says is not repeated, since nobody here has validated it; it stands on its topic and in the inbox.
    """
    envelope = Envelope(
        id=str(new_id()),
        type="compte.DeadLetter.v1",
        source="/compte",
        subject=about.id if about else "unreadable",
        key=key,
        time=at,
        data={"reason": reason, "topic": topic, "event": _named(about) if about else None},
        traceparent=about.traceparent if about else None,
    )
    return row(envelope, f"{topic}.dead", at=at)


def _named(event: Envelope) -> dict[str, Any]:
    return {"id": event.id, "type": event.type, "source": event.source, "sequence": event.sequence}


class Wake:
    """Tells the relay of this process that a commit left something to publish."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        """There is something to publish."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return at the next call, or after `seconds`, since another process may have committed."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()
