"""Whoever keeps the person's access log hears that somebody looked: once a session, whichever process was asked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from chassis import outbox, viewings
from chassis.auth import Person
from chassis.clock import now
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.viewings import Viewings
from chassis.work import Work
from contracts.acting import Doer
from contracts.channel import Channel
from contracts.viewing import Viewed
from tests.infra import fresh_service

NOW = now().replace(microsecond=0)
ANNA = uuid4()


class Glanced(Viewed, type="toy.Glanced.v1"):
    """What the toy says of a look."""


@pytest_asyncio.fixture(loop_scope="session")
async def service(mongodb_url: str) -> AsyncIterator[Service]:
    async for service in fresh_service("payments", mongodb_url):
        for indexes in (outbox.INDEXES, viewings.INDEXES):
            await service.database.ensure_indexes(indexes)
        yield service


def process(service: Service) -> Viewings:
    """One of several that serve the same database, or the same one started again."""
    return Viewings(Work(service.database, service.source, lambda _: None, service.wake), Glanced)


async def told(service: Service) -> list[Glanced]:
    rows = await service.database["outbox"].find({"key": str(ANNA)}, sort=("sequence",))
    return [Glanced.read(envelope_of(row).data) for row in rows]


def anna(channel: Channel = Channel.WEB, session_id: UUID | None = None) -> Person:
    return Person(ANNA, session_id or uuid4(), channel)


async def test_a_look_is_told_once_a_session_with_who_looked_when_and_from_where(service: Service) -> None:
    first, second = anna(), anna(Channel.APP)
    noting, later = process(service), NOW + timedelta(minutes=1)
    for person, at in ((first, NOW), (first, later), (second, later), (first, later)):
        await noting.note(person, at)
    assert [(each.session_id, each.channel, each.viewer, each.viewed_at) for each in await told(service)] == [
        (first.session_id, Channel.WEB, Doer.SELF, NOW),
        (second.session_id, Channel.APP, Doer.SELF, later),
    ]


async def test_processes_that_are_asked_at_once_and_one_that_was_started_again_tell_it_once(service: Service) -> None:
    session = anna()
    await asyncio.gather(*(process(service).note(session, NOW) for _ in range(5)))
    await process(service).note(session, NOW)
    assert len(await told(service)) == 1


async def test_a_session_that_is_no_longer_remembered_is_not_told_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewings, "REMEMBERED", 1)
    first, second = anna(), anna()
    noting = process(service)
    for person in (first, second, first):
        await noting.note(person, NOW)
    assert [each.session_id for each in await told(service)] == [first.session_id, second.session_id]
