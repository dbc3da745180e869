"""A request (démarche): its states in order, who must act in each, and what it is known by."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from uuid import UUID, uuid5

from contracts.procedures import Actor, RequestKind, RequestState

ACTORS: Mapping[RequestState, Actor | None] = {
    RequestState.PIECES_AWAITED: Actor.INSURED,
    RequestState.BEING_CHECKED: Actor.CAISSE,
    RequestState.IN_PRODUCTION: Actor.CAISSE,
    RequestState.SHIPPED: Actor.CAISSE,
    RequestState.CLOSED: None,
}


class Piece(StrEnum):
    """What the caisse needs from the person (pièces justificatives)."""

    PHOTO = "photo"
    IDENTITY_DOCUMENT = "identity-document"


@dataclass(frozen=True)
class Milestone:
    """A state that a request reached, and when."""

    state: RequestState
    on: date


class Progress(StrEnum):
    """Where a step of the timeline is, seen from now."""

    DONE = "done"
    CURRENT = "current"
    TO_COME = "to-come"


@dataclass(frozen=True)
class TimelineStep:
    """One step of the timeline; `on` is the day it began, None for what is still to come."""

    state: RequestState
    progress: Progress
    next_actor: Actor | None
    on: date | None


@dataclass(frozen=True)
class Request:
    """A request of one person. `awaited` are the pieces that the person still has to send."""

    id: UUID
    person_id: UUID
    kind: RequestKind
    tracking_number: str
    ordered_at: datetime
    ordered_on: date
    expected_on: date
    awaited: tuple[Piece, ...]
    history: tuple[Milestone, ...]

    @property
    def state(self) -> RequestState:
        """Where the request is now."""
        return self.history[-1].state

    @property
    def next_actor(self) -> Actor | None:
        """Who must act now; nobody once it is closed."""
        return ACTORS[self.state]

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self.state is not RequestState.CLOSED

    def timeline(self) -> tuple[TimelineStep, ...]:
        """What has happened, what is going on, and what is to come."""
        past = [self._step(each.state, Progress.DONE, each.on) for each in self.history[:-1]]
        current = self.history[-1]
        now = Progress.CURRENT if self.is_open else Progress.DONE
        order = [*RequestState]
        later = order[order.index(current.state) + 1 :]
        coming = [self._step(state, Progress.TO_COME, None) for state in later]
        return (*past, self._step(current.state, now, current.on), *coming)

    @staticmethod
    def _step(state: RequestState, progress: Progress, on: date | None) -> TimelineStep:
        return TimelineStep(state, progress, ACTORS[state], on)


# 31 symbols, a prime number, without those that are mistaken for one another (0 O, 1 I L).
SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 7


def tracking_numbers(request_id: UUID, prefix: str) -> Iterator[str]:
    """Readable numbers for a request, `CV-XXXX-XXXX`, always the same ones in the same order.

    The last symbol is a check: one wrong symbol, or two neighbours exchanged, never make another number. Two
    requests may have a number in common, so the caller takes the first that is free.
    """
    for attempt in count():
        seed = uuid5(request_id, f"tracking-{attempt}").int
        symbols = "".join(SYMBOLS[seed // len(SYMBOLS) ** place % len(SYMBOLS)] for place in range(LENGTH))
        written = symbols + check_symbol(symbols)
        yield f"{prefix}-{written[:4]}-{written[4:]}"


def check_symbol(symbols: str) -> str:
    """The check of a tracking number: the weighted sum of its symbols modulo 31."""
    total = sum(weight * SYMBOLS.index(symbol) for weight, symbol in enumerate(symbols, start=1))
    return SYMBOLS[total % len(SYMBOLS)]


@dataclass(frozen=True)
class Position:
    """The place of a request in the list: newest first, then by id."""

    ordered_at: datetime
    request_id: UUID

    @property
    def cursor(self) -> str:
        """The place as an opaque text."""
        return base64.urlsafe_b64encode(f"{self.ordered_at.isoformat()}|{self.request_id}".encode()).decode()


def read_cursor(cursor: str) -> Position:
    """The place that a cursor names. Raises ValueError for a text that is no cursor."""
    try:
        at, _, request = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition("|")
        position = Position(datetime.fromisoformat(at), UUID(request))
    except binascii.Error:
        raise ValueError("not a cursor") from None
    if position.cursor != cursor or position.ordered_at.utcoffset() != timedelta(0):
        raise ValueError("not a cursor")
    return position


@dataclass(frozen=True)
class Page:
    """Some requests in a row, and where the next ones begin."""

    requests: tuple[Request, ...]
    next_position: Position | None


def page(found: Sequence[Request], size: int) -> Page:
    """The page of `found`, which holds up to one request more than `size`."""
    shown = tuple(found[:size])
    more = len(found) > size
    return Page(shown, Position(shown[-1].ordered_at, shown[-1].id) if more else None)
