"""The use cases on a store in memory."""

import pytest

from services.identity import handlers
from services.identity.domain.insured import RegisterEntry
from tests.unit.identity.fakes import FakeStore, fake_scene, lucie
from tests.unit.identity.scenarios import SCENARIOS, Scenario


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.__name__)
async def test_on_the_fake_store(told: Scenario) -> None:
    await told(fake_scene())


async def test_importing_a_person_twice_changes_nothing() -> None:
    store = FakeStore()
    entry = RegisterEntry(lucie(), "FR5912345123450000DEMO00115", "9000000001")
    assert await handlers.import_insured(entry, store)
    assert not await handlers.import_insured(entry, store)
    assert await handlers.import_insured(RegisterEntry(lucie(postal_code="31000")), store)
