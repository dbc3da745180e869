"""The use cases on a store in memory."""

import pytest

from services.identity import handlers
from services.identity.domain.insured import RegisterEntry
from services.identity.handlers import ImportInsured
from tests.unit.identity.fakes import NOW, FakeStore, lucie, sealed
from tests.unit.identity.scenarios import SCENARIOS, Scenario
from tests.unit.identity.scene import fake_scene


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.__name__)
async def test_on_the_fake_store(told: Scenario) -> None:
    await told(fake_scene())


async def test_importing_a_person_twice_changes_nothing() -> None:
    store = FakeStore()
    entry = RegisterEntry(lucie(), "FR5912345123450000DEMO00115", "9000000001")
    moved = RegisterEntry(lucie(postal_code="31000"))
    taken = [await handlers.import_insured(ImportInsured(each, sealed, NOW), store) for each in (entry, entry, moved)]
    assert taken == [True, False, True]
