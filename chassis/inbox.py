"""Every event takes effect once, in the order of its person; what cannot is parked, then dead, never lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import ValidationError

from chassis import metrics, order, telemetry
from chassis.consumers import Consumers, Reaction
from chassis.encryption import FieldCipher
from chassis.failpoints import failpoint
from chassis.mongo import DatabaseDown, Document, Index
from chassis.origin import believed
from chassis.outbox import Transaction, dead_letter
from chassis.retries import IN_PROCESS, pause, spent
from chassis.telemetry import log
from chassis.waiting import Waiting, place
from chassis.work import Work
from contracts.envelope import Envelope, MalformedEnvelope
from contracts.event import Event
from contracts.problems import Problem

S = TypeVar("S")

KEPT = timedelta(days=9)
NOBODY = str(UUID(int=0))
INDEXES: Mapping[str, Sequence[Index]] = {
    "inbox": [
        Index(("state", "source", "key", "sequence")),
        Index(("next_at",), only_where={"state": "parked"}),
        Index(("done_at",), expire_after=KEPT),
    ],
}


class Outcome(StrEnum):
    """What became of one delivery."""

    DONE = "done"
    SKIPPED = "skipped"
    PARKED = "parked"
    DEAD = "dead"


@dataclass(frozen=True)
class Record:
    """A message as the broker delivered it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


class Inbox(Generic[S]):
    """The receiving end of one service."""

    def __init__(self, consumers: Consumers[S], work: Work[S], store: Any, cipher: FieldCipher) -> None:
        self.consumers = consumers
        self._waiting = Waiting(cipher)
        self._blind = cipher.blind
        self._work = work
        self._store = store

    async def receive(self, record: Record) -> Outcome:
        """Bring one delivery to its outcome. Raises DatabaseDown, and then nothing has happened."""
        try:
            envelope = believed(record.topic, record.key, record.value)
        except MalformedEnvelope as refused:
            outcome = await self._bury_refused(record, str(refused))
        else:
            outcome = await self.settle(envelope, record.topic, record.offset)
        metrics.consumed.labels(record.topic, outcome.value).inc()
        return outcome

    async def resume(self, row: Document) -> Outcome:
        """Bring an event that has waited to its outcome, or let it wait longer. Raises DatabaseDown."""
        return await self.settle(await self._waiting.envelope(row), row["topic"], row["offset"], parked=row)

    async def settle(self, envelope: Envelope, topic: str, offset: int, parked: Document | None = None) -> Outcome:
        """Apply an event, or park or bury it; `parked` is its row when it has waited already."""
        if self.consumers.misses_version(envelope.type):
            return await self._bury(envelope, topic, "unknown-version")
        known = self.consumers.reaction(envelope.type)
        if known is None and parked is None and await self._pass_by(envelope):
            return Outcome.SKIPPED
        attributes = {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.kafka.offset": offset,
            "compte.event_id": envelope.id,
            "compte.event_type": envelope.type,
            "compte.person_id": envelope.key,
            "compte.sequence": envelope.sequence,
        }
        with telemetry.span("consume", envelope.type, parent=envelope.traceparent, attributes=attributes) as current:
            outcome = await self._attempt(envelope, topic, offset, known, parked)
            current.set_attribute("compte.outcome", outcome.value)
            return outcome

    async def _attempt(
        self,
        envelope: Envelope,
        topic: str,
        offset: int,
        known: tuple[type[Event], Reaction[Any, S]] | None,
        parked: Document | None,
    ) -> Outcome:
        failure = ""
        for attempt in range(IN_PROCESS):
            try:
                return await self._apply(envelope, topic, offset, known, parked)
            except DatabaseDown:
                raise
            except (Problem, ValidationError) as refusal:
                return await self._bury(envelope, topic, type(refusal).__name__)
            except Exception as error:
                failure = type(error).__name__
                log.warning("reaction failed", event_id=envelope.id, event_type=envelope.type, cause=failure)
                await pause(attempt)
        before = parked or {}
        attempts = before.get("attempts", 0) + 1
        if spent(attempts):
            return await self._bury(envelope, topic, failure)
        row, replay = await self._waiting.row(envelope, topic, offset), bool(before.get("replay"))
        await self._work.transact(
            lambda transaction: self._waiting.park(transaction, row, failure, attempts, replay=replay), "park"
        )
        return Outcome.PARKED

    async def _apply(
        self,
        envelope: Envelope,
        topic: str,
        offset: int,
        known: tuple[type[Event], Reaction[Any, S]] | None,
        parked: Document | None,
    ) -> Outcome:
        # A fresh event has no row: its insert finds out otherwise, and the run after that looks first.
        looks_first = parked is not None

        async def body(transaction: Transaction) -> Outcome:
            nonlocal looks_first
            if looks_first and await _has_outcome(transaction, envelope):
                return Outcome.SKIPPED
            knows_row, looks_first = looks_first, True
            skip_gap = _patience_over(parked, transaction)
            verdict = await order.verdict(transaction, envelope, skip_gap=skip_gap, fresh=not knows_row)
            if verdict is order.Verdict.OLD and not (parked or {}).get("replay"):
                return Outcome.SKIPPED
            if verdict is order.Verdict.GAP:
                return await self._wait(transaction, envelope, topic, offset)
            done = {**place(envelope, topic), "state": "done", "done_at": transaction.now}
            if knows_row:
                await transaction["inbox"].replace({"_id": envelope.id}, done, upsert=True)
            else:
                await transaction["inbox"].insert(done)
            failpoint("P6")
            if known is not None:
                event, reaction = known
                await reaction(envelope, event.read(envelope.data), self._store(transaction))
            return Outcome.DONE

        outcome, _ = await self._work.transact(body, "consume")
        return outcome

    async def _wait(self, transaction: Transaction, envelope: Envelope, topic: str, offset: int) -> Outcome:
        """Park an event that has something missing before it, unless it is parked or settled already."""
        if not await transaction["inbox"].find_one({"_id": envelope.id}, only=["state"]):
            await self._waiting.park(transaction, await self._waiting.row(envelope, topic, offset), "gap", 0)
        return Outcome.PARKED

    async def _pass_by(self, envelope: Envelope) -> bool:
        """Move the watermark past an event nobody here cares for; False when that is not its turn."""
        return await order.pass_by(self._work, envelope)

    async def _bury(self, envelope: Envelope, topic: str, reason: str) -> Outcome:
        """Give the event up: a dead inbox row that can be replayed, and a dead letter for whoever watches."""

        async def body(transaction: Transaction) -> Outcome:
            if await _has_outcome(transaction, envelope):
                return Outcome.SKIPPED
            if await order.verdict(transaction, envelope, skip_gap=False) is order.Verdict.GAP:
                return await self._wait(transaction, envelope, topic, 0)
            waiting = await self._waiting.row(envelope, topic, 0)
            given_up = {**waiting, "state": "dead", "reason": reason, "dead_at": transaction.now}
            await transaction["inbox"].replace({"_id": envelope.id}, given_up, upsert=True)
            letter = dead_letter(topic, key=envelope.key, reason=reason, about=envelope, at=transaction.now)
            await transaction["outbox"].insert(letter)
            return Outcome.DEAD

        return await self._report_dead(body, topic, reason, event_id=envelope.id)

    async def _bury_refused(self, record: Record, reason: str) -> Outcome:
        """Note that a record was refused, once for equal ones; its key and its words are repeated nowhere."""
        name = f"refused:{self._blind(record.value.decode('latin-1'))}"

        async def body(transaction: Transaction) -> Outcome:
            if await transaction["inbox"].find_one({"_id": name}, only=["state"]):
                return Outcome.SKIPPED
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            # Nothing of it is kept that could be replayed, so it is forgotten like what is done.
            gone = {"state": "dead", "reason": reason, "dead_at": transaction.now, "done_at": transaction.now}
            await transaction["inbox"].insert({"_id": name, **gone, **place})
            letter = dead_letter(record.topic, key=NOBODY, reason=reason, about=None, at=transaction.now)
            await transaction["outbox"].insert(letter)
            return Outcome.DEAD

        return await self._report_dead(body, record.topic, reason)

    async def _report_dead(self, body: Any, topic: str, reason: str, **about: str) -> Outcome:
        outcome: Outcome
        outcome, _ = await self._work.transact(body, "bury")
        if outcome is Outcome.DEAD:
            self._work.wake()
            metrics.dead.labels(topic).inc()
            log.error("event is dead", topic=topic, reason=reason, **about)
        return outcome


async def _has_outcome(transaction: Transaction, envelope: Envelope) -> bool:
    row = await transaction["inbox"].find_one({"_id": envelope.id}, only=["state"])
    return row is not None and row["state"] != "parked"


def _patience_over(parked: Document | None, transaction: Transaction) -> bool:
    return parked is not None and parked["next_at"] <= transaction.now
