"""In what order a person's events take effect: a watermark per source and person, moved with the effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis import metrics
from chassis.mongo import Conflict, Document, Duplicate
from chassis.outbox import Transaction
from contracts.envelope import Envelope

REMEMBERED = 100


class Verdict(StrEnum):
    """What an event's place in the order says about it."""

    NEXT = "next"
    OLD = "old"
    GAP = "gap"


@dataclass(frozen=True)
class Watermark:
    """`last` is the newest sequence that took effect; `missing` are older ones that never came."""

    last: int = 0
    missing: tuple[int, ...] = ()

    def verdict(self, sequence: int) -> Verdict:
        """A repeat is old, a jump is a gap, anything else is what was waited for."""
        if sequence in self.missing:
            return Verdict.NEXT
        if sequence <= self.last:
            return Verdict.OLD
        return Verdict.NEXT if sequence == self.last + 1 else Verdict.GAP

    def after(self, sequence: int) -> "Watermark":
        """The watermark once this event has taken effect; what it jumped over is remembered as missing."""
        if sequence in self.missing:
            return Watermark(self.last, tuple(each for each in self.missing if each != sequence))
        if sequence <= self.last:
            return self
        skipped: Sequence[int] = range(max(self.last + 1, sequence - REMEMBERED), sequence)
        return Watermark(sequence, (*self.missing, *skipped)[-REMEMBERED:])


async def verdict(transaction: Transaction, envelope: Envelope, *, skip_gap: bool, fresh: bool = False) -> Verdict:
    """Judge an event and, when it may take effect, move the watermark past it in the same transaction.

    `skip_gap`: nobody waits any longer for what is missing before it. `fresh`: it probably is the next one,
    so try to move first, which spares the look; a first event that is not raises Conflict, to be run again.
    """
    if envelope.sequence == 0:
        return await _uncounted(transaction, envelope)
    if fresh and await _move_by_one(transaction, envelope):
        return Verdict.NEXT
    watermarks = transaction["watermarks"]
    stored = await watermarks.find_one({"_id": _name(envelope)})
    before = _read(stored)
    judged = before.verdict(envelope.sequence)
    if judged is Verdict.GAP and skip_gap:
        metrics.gaps_skipped.labels(envelope.source).inc()
        judged = Verdict.NEXT
    if judged is not Verdict.NEXT:
        return judged
    await _move(transaction, envelope, stored, before.after(envelope.sequence))
    return judged


async def _move_by_one(transaction: Transaction, envelope: Envelope) -> bool:
    if envelope.sequence == 1:
        await _move(transaction, envelope, None, Watermark(1))
        return True
    moved = {"last": envelope.sequence, "moved_at": transaction.now}
    before = {"_id": _name(envelope), "last": envelope.sequence - 1}
    return bool(await transaction["watermarks"].update(before, {"$set": moved}))


async def pass_by(work: Any, envelope: Envelope) -> bool:
    """Move the watermark past an event without effect here. False when something before it is missing."""
    if envelope.sequence == 0:
        return True
    fresh = True

    async def body(transaction: Transaction) -> bool:
        nonlocal fresh
        tries_first, fresh = fresh, False
        return await verdict(transaction, envelope, skip_gap=False, fresh=tries_first) is not Verdict.GAP

    passed: bool
    passed, _ = await work.transact(body, "pass by")
    return passed


async def _uncounted(transaction: Transaction, envelope: Envelope) -> Verdict:
    """A source that does not count is taken in the order of arrival: behind whatever of this key is parked."""
    waiting = await transaction["inbox"].find(
        {"state": "parked", "source": envelope.source, "key": envelope.key},
        sort=("offset",),
        limit=1,
        only=["_id"],
    )
    return Verdict.GAP if waiting and waiting[0]["_id"] != envelope.id else Verdict.NEXT


async def _move(transaction: Transaction, envelope: Envelope, stored: Document | None, watermark: Watermark) -> None:
    moved = {
        "source": envelope.source,
        "last": watermark.last,
        "missing": list(watermark.missing),
        "moved_at": transaction.now,
    }
    if stored is None:
        try:
            await transaction["watermarks"].insert({"_id": _name(envelope), **moved})
        except Duplicate:
            raise Conflict from None
    elif not await transaction["watermarks"].update({"_id": stored["_id"], "last": stored["last"]}, {"$set": moved}):
        raise Conflict


def _name(envelope: Envelope) -> str:
    return f"{envelope.source}|{envelope.key}"


def _read(stored: Document | None) -> Watermark:
    return Watermark(int(stored["last"]), tuple(stored["missing"])) if stored else Watermark()


def due(row: Document, watermark: Watermark, now: datetime) -> bool:
    """Whether a parked event, the first of its person, may be tried (again)."""
    if row["reason"] == "gap" and row["sequence"] and watermark.verdict(row["sequence"]) is not Verdict.GAP:
        return True
    waited: bool = row["next_at"] <= now
    return waited
