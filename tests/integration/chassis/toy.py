"""A publisher and a subscriber with no domain, to show what the chassis promises by itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from chassis.app import Running
from chassis.consumers import Consumers
from chassis.mongo import Index
from chassis.outbox import Transaction
from chassis.routes import CurrentOnce
from chassis.service import Service
from contracts.envelope import Envelope
from contracts.event import Event


class Said(Event, type="toy.Said.v1"):
    """Somebody said a word."""

    word: str


class Ignored(Event, type="toy.Ignored.v1"):
    """Nobody reacts to this."""


class Broken(RuntimeError):
    """The reaction was told to fail."""


INDEXES: Mapping[str, Sequence[Index]] = {"heard": [Index(("person_id",))]}
fails: dict[str, int] = {}
router = APIRouter()


class Store:
    """Words said and heard."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def say(self, *events: Event) -> None:
        """Publish, and keep the word."""
        for event in events:
            await self.tx["words"].insert({"person_id": str(event.person_id)})
        await self.tx.publish(*events, subject="word")

    async def hear(self, word: str, person_id: UUID, sequence: int) -> None:
        """Keep a heard word, twice if told twice."""
        await self.tx["heard"].insert({"person_id": str(person_id), "word": word, "sequence": sequence})


class SayRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    person_id: str
    word: str


class SayView(BaseModel):
    word: str


async def say(command: tuple[Event, ...], store: Store) -> SayView:
    """Say all the events of the command."""
    await store.say(*command)
    return SayView(word=getattr(command[0], "word", ""))


@router.post("/words", status_code=202)
async def say_word(body: SayRequest, once: CurrentOnce) -> Response:
    """Say one word."""
    return await once(202, lambda view: view, say, (Said(person_id=UUID(body.person_id), word=body.word),))


def listeners(group: str) -> Consumers[Store]:
    """A group that hears every word; `fails[word]` is how often hearing it fails first."""
    consumers: Consumers[Store] = Consumers(group)

    @consumers.on(Said)
    async def hear(envelope: Envelope, event: Said, store: Store) -> None:
        await store.hear(event.word, event.person_id, envelope.sequence)
        if fails.get(event.word, 0) > 0:
            fails[event.word] -= 1
            raise Broken(event.word)

    return consumers


@asynccontextmanager
async def process(service: Service, consumers: Consumers[Store]) -> AsyncIterator[Running]:
    """One process of a service, without its HTTP side."""
    running = Running(service, Store, consumers, INDEXES, {})
    async with running.lifespan(None):  # type: ignore[arg-type]
        await asyncio.wait_for(running.health.prepared.wait(), 10)
        yield running
