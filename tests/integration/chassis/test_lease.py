"""One relay at a time, and a late one changes nothing."""

from datetime import timedelta

import pytest

from chassis.lease import Lease
from chassis.mongo import Database
from tests.infra import service_settings


@pytest.fixture
def database(mongodb_url: str) -> Database:
    settings = service_settings("gateway", mongodb_url)
    return Database(mongodb_url, settings.database, driver="motor", deadline=settings.database_deadline)


async def test_a_lease_is_one_owners_until_it_ends_then_the_next_ones(database: Database) -> None:
    first, second = Lease(database, "relay", "first"), Lease(database, "relay", "second")
    assert await first.hold()
    assert not await second.hold()
    assert await first.hold()
    await _expire(database)
    assert await second.hold()
    assert second.fence > first.fence
    assert not await first.hold()
    assert first.fence == 0


async def test_an_owner_that_starts_again_gets_its_lease_back_at_once_under_a_new_token(database: Database) -> None:
    before, after = Lease(database, "relay", "same"), Lease(database, "relay", "same")
    assert await before.hold()
    assert await after.hold()
    assert after.fence == before.fence + 1


async def _expire(database: Database) -> None:
    past = await database.instant() - timedelta(seconds=1)
    await database["leases"].update({"_id": "relay"}, {"$set": {"until": past}})
