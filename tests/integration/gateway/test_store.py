"""What the fake store promises, MongoStore keeps: the same scenarios on both."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from chassis.work import Work
from contracts.channel import Channel
from contracts.payments import ComplementaryStatus
from services.gateway.domain.home import Home
from services.gateway.handlers import home, sessions
from services.gateway.handlers.home import Arrival, ReadPage, Rebuilt, Verdict
from services.gateway.store import Caisses, MongoStore
from tests import infra
from tests.unit.gateway.builders import (
    LUCIE,
    NOW,
    a_chosen_code,
    a_login,
    a_mail,
    a_payment,
    a_validation,
    an_account,
    an_order,
    told,
)
from tests.unit.gateway.fakes import FakeStore

Run = Callable[..., Awaitable[Any]]
EVERYTHING = (
    an_account(),
    a_validation(),
    a_chosen_code(),
    a_login(previous=NOW, failed=1),
    a_payment(1, amount_cents=-200),
    a_payment(2, complementary=ComplementaryStatus.TO_SEND_YOURSELF),
    an_order(),
    a_mail(delivered=False),
)


@pytest_asyncio.fixture(params=["fake", "mongo"])
async def run(request: pytest.FixtureRequest, mongodb_url: str) -> AsyncIterator[Run]:
    """Runs a handler on the fake, or in a transaction on the real one."""
    if request.param == "fake":
        store = FakeStore()
        yield lambda handler, command: handler(command, store)
        return
    caisses = Caisses()
    async for service in infra.fresh_service("gateway", mongodb_url):
        yield Work(service.database, service.source, lambda tx: MongoStore(tx, caisses), service.wake)


async def test_a_home_page_is_kept_as_it_was(run: Run) -> None:
    kept = told(*EVERYTHING)

    assert await run(home.settle_home, Rebuilt(kept, replace=True)) is Verdict.REPLACED

    assert await run(home.settle_home, Rebuilt(kept, replace=False)) is Verdict.SAME


async def test_a_home_page_grows_event_by_event(run: Run) -> None:
    sequences: dict[str, int] = {}
    for number, event in enumerate(EVERYTHING):
        source = event.type.partition(".")[0]
        sequences[source] = sequences.get(source, 0) + 1
        await run(home.update_home, Arrival(event, source, sequences[source], NOW + timedelta(seconds=number)))

    assert await run(home.settle_home, Rebuilt(told(*EVERYTHING), replace=False)) is Verdict.SAME


async def test_each_channel_has_its_own_page(run: Run) -> None:
    await run(home.update_home, Arrival(an_account(), "identity", 3, NOW))

    web, seen = await run(home.read_page_and_seen, ReadPage(LUCIE, Channel.WEB))
    app = await run(home.read_page, ReadPage(LUCIE, Channel.APP))

    assert b'"Lucie"' in web
    assert b'"Lucie"' in app
    assert seen == {"identity": 3}


async def test_a_person_nothing_was_heard_of_has_no_home_page(run: Run) -> None:
    assert (await run(home.read_page_and_seen, ReadPage(uuid4(), Channel.WEB)))[1] == {}
    assert await run(home.settle_home, Rebuilt(Home(uuid4()), replace=False)) is Verdict.DIFFERENT


async def test_a_caisse_that_is_not_in_the_file_still_has_a_telephone(run: Run) -> None:
    await run(home.update_home, Arrival(an_account(caisse="99"), "identity", 1, NOW))
    page = await run(home.read_page, ReadPage(LUCIE, Channel.WEB))
    assert b'"code":"99","name":null,"town":null,"phone":"36 46"' in page


async def test_sessions_that_are_over_are_remembered_once(run: Run) -> None:
    over, long_over = uuid4(), uuid4()
    for _ in range(2):
        await run(sessions.revoke, sessions.Revocation([over], NOW))
    await run(sessions.revoke, sessions.Revocation([long_over], NOW - timedelta(minutes=20)))

    assert await run(sessions.recently_revoked, NOW) == [over]


async def test_the_last_keys_of_identity_are_remembered(run: Run) -> None:
    assert await run(sessions.kept_keys, None) is None
    await run(sessions.keep_keys, '{"keys": []}')
    await run(sessions.keep_keys, '{"keys": [1]}')
    assert await run(sessions.kept_keys, None) == '{"keys": [1]}'
