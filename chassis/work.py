"""From a command to its committed effect: one transaction a command, one answer an idempotency key."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Concatenate, Generic, ParamSpec, TypeVar

from chassis import telemetry
from chassis.failpoints import failpoint
from chassis.mongo import Database, Document, Duplicate, Index
from chassis.outbox import Transaction, Wake
from contracts.problems import IdempotencyKeyReused

S = TypeVar("S")
C = TypeVar("C")
R = TypeVar("R")
P = ParamSpec("P")
Handler = Callable[Concatenate[C, S, P], Awaitable[R]]

ANSWERS_KEPT = timedelta(hours=24)
INDEXES = {"answers": [Index(("answered_at",), expire_after=ANSWERS_KEPT)]}
DECISIONS = 3


@dataclass(frozen=True)
class Answer:
    """What a command was answered, as it is replayed to whoever sends it again."""

    status: int
    body: bytes
    read_after: int = 0


class Work(Generic[S]):
    """Runs use cases. `store(transaction)` builds the store that a handler asks for."""

    def __init__(self, database: Database, source: str, store: Callable[[Transaction], S], wake: Wake) -> None:
        self._database = database
        self._source = source
        self._store = store
        self.wake = wake

    async def __call__(self, handler: Handler[C, S, P, R], command: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `handler(command, store, …)` in one transaction; all that it stored and said is committed, or nothing.

        Raises the handler's Problem, or DatabaseDown when the outcome is unknown.
        """
        result, _ = await self.sequenced(handler, command, *args, **kwargs)
        return result

    async def sequenced(
        self, handler: Handler[C, S, P, R], command: C, /, *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int]:
        """As a call, and the last sequence that it gave to an event (0 when it said nothing)."""

        async def body(transaction: Transaction) -> R:
            return await handler(command, self._store(transaction), *args, **kwargs)

        done = await self.transact(body, getattr(handler, "__name__", "command"))
        failpoint("P1")
        return done

    async def once(
        self,
        key: str,
        fingerprint: str,
        answer: Callable[[R], tuple[int, bytes]],
        handler: Handler[C, S, P, R],
        command: C,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer:
        """Run the handler for the first command sent under `key`; later ones get the first one's answer for 24 h.

        The answer is stored in the transaction of the effect. Raises IdempotencyKeyReused when the command's
        `fingerprint` differs from the first one's. A refusal is not remembered: nothing happened.
        """

        async def body(transaction: Transaction) -> Answer:
            if known := _same(await transaction["answers"].find_one({"_id": key}), fingerprint):
                return known
            status, content = answer(await handler(command, self._store(transaction), *args, **kwargs))
            given = Answer(status, content, max(transaction.sequences.values(), default=0))
            await transaction["answers"].insert(
                {
                    "_id": key,
                    "fingerprint": fingerprint,
                    "status": status,
                    "body": content,
                    "read_after": given.read_after,
                    "answered_at": transaction.now,
                }
            )
            return given

        given, _ = await self.transact(body, getattr(handler, "__name__", "command"))
        failpoint("P1")
        return given

    async def answered(self, key: str, fingerprint: str) -> Answer | None:
        """What `once` answered under this key, if it did. Raises IdempotencyKeyReused as it does, and DatabaseDown."""
        async with self._database.bounded():
            return _same(await self._database["answers"].find_one({"_id": key}), fingerprint)

    async def transact(self, body: Callable[[Transaction], Awaitable[R]], name: str) -> tuple[R, int]:
        """Commit what `body` does; its result and the last sequence. The base of the calls above."""
        with telemetry.span("commit", name, attributes={"compte.handler": name}):
            for decision in range(1, DECISIONS + 1):
                try:
                    result, transaction = await self._database.transaction(self._bind(body))
                    break
                except Duplicate:
                    # Somebody else was faster; decide again on what they left.
                    if decision == DECISIONS:
                        raise
        if transaction.sequences:
            self.wake()
        return result, max(transaction.sequences.values(), default=0)

    def _bind(
        self, body: Callable[[Transaction], Awaitable[R]]
    ) -> Callable[[object], Awaitable[tuple[R, Transaction]]]:
        async def bound(session: object) -> tuple[R, Transaction]:
            transaction = Transaction(self._database, session, self._source)
            return await body(transaction), transaction

        return bound

    async def read(self, handler: Handler[C, S, P, R], query: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a handler that only reads, outside any transaction. Raises DatabaseDown."""
        async with self._database.bounded():
            return await handler(query, self._store(Transaction(self._database, None, self._source)), *args, **kwargs)


def _same(known: Document | None, fingerprint: str) -> Answer | None:
    if known is None:
        return None
    if not hmac.compare_digest(known["fingerprint"], fingerprint):
        raise IdempotencyKeyReused
    return Answer(known["status"], known["body"], known["read_after"])


def fingerprint(secret: bytes, body: bytes) -> str:
    """What tells two bodies apart without giving either away: a keyed hash in hex."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()
