"""The home page of each person, kept from events and read as prepared bytes."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.channel import Channel
from contracts.event import Event
from services.gateway.domain.home import Home, apply
from services.gateway.domain.page import HomePage, marked_stale
from services.gateway.domain.rendering import Caisse, render

Pages = Mapping[Channel, bytes]


class PreparedPages(Protocol):
    """The pages as they are answered."""

    async def page(self, person_id: UUID, channel: Channel) -> bytes | None:
        """One page alone."""

    async def page_and_seen(self, person_id: UUID, channel: Channel) -> tuple[bytes, Mapping[str, int]] | None:
        """One page and up to where it has seen each service."""


class Store(PreparedPages, Protocol):
    """What these use cases keep."""

    async def home(self, person_id: UUID) -> Home | None:
        """What is known of a person."""

    async def save(self, home: Home, pages: Pages) -> None:
        """Keep it, with its page for each channel."""

    def caisse(self, code: str) -> Caisse:
        """What is known of a caisse."""


@dataclass(frozen=True)
class Arrival:
    """An event with its place: the `sequence` of this person in the service `source`."""

    event: Event
    source: str
    sequence: int
    time: datetime


@dataclass(frozen=True)
class ReadPage:
    """Whose page, for which channel."""

    person_id: UUID
    channel: Channel


@dataclass(frozen=True)
class Rebuilt:
    """A home page rebuilt from the log, to be put in the place of the kept one or only compared with it."""

    home: Home
    replace: bool


class Verdict(StrEnum):
    """How the kept page stood to the rebuilt one. `newer`: it has seen an event that the log did not have yet."""

    SAME = "same"
    DIFFERENT = "different"
    REPLACED = "replaced"
    NEWER = "newer"


async def update_home(command: Arrival, store: Store) -> None:
    """Bring a person's home page up to this event, in every channel."""
    person_id = command.event.person_id
    before = await store.home(person_id) or Home(person_id)
    after = apply(before, command.event, source=command.source, sequence=command.sequence, time=command.time)
    if after != before:
        await store.save(after, pages(after, store))


async def read_page(query: ReadPage, prepared: PreparedPages) -> bytes:
    """The prepared answer of `GET /home`; every block of it is unavailable for a person nothing was heard of yet."""
    found = await prepared.page(query.person_id, query.channel)
    return found if found is not None else _unheard(query)


async def read_page_and_seen(query: ReadPage, prepared: PreparedPages) -> tuple[bytes, Mapping[str, int]]:
    """As read_page, with the newest sequence that the page has seen of each service."""
    found = await prepared.page_and_seen(query.person_id, query.channel)
    return found or (_unheard(query), {})


async def settle_home(command: Rebuilt, store: Store) -> Verdict:
    """Compare a rebuilt home page with the kept one, and put it in its place where asked to."""
    home, answers = command.home, pages(command.home, store)
    kept = await store.home(home.person_id)
    if kept and any(sequence > home.seen.get(source, 0) for source, sequence in kept.seen.items()):
        return Verdict.NEWER
    if kept == home and answers == {channel: await store.page(home.person_id, channel) for channel in Channel}:
        return Verdict.SAME
    if not command.replace:
        return Verdict.DIFFERENT
    await store.save(home, answers)
    return Verdict.REPLACED


def pages(home: Home, store: Store) -> Pages:
    """The page of each channel, as it is answered."""
    caisse = store.caisse(home.caisse.value) if home.caisse else None
    return {channel: _encode(render(home, channel, caisse)) for channel in Channel}


def stale(page: bytes, services: Collection[str]) -> bytes:
    """The page, with what these services still owe it marked stale."""
    return json.dumps(marked_stale(json.loads(page), services), ensure_ascii=False, separators=(",", ":")).encode()


def _unheard(query: ReadPage) -> bytes:
    return _encode(render(Home(query.person_id), query.channel, None))


def _encode(page: HomePage) -> bytes:
    return page.model_dump_json().encode()
