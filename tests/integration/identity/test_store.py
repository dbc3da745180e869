"""The same scenarios on MongoDB as on the fake store, and what only the real one can show."""

import pytest

from chassis.service import Service
from chassis.work import Work
from services.identity import handlers
from services.identity.domain.insured import RegisterEntry
from services.identity.handlers import Store
from services.identity.store import INDEXES
from tests.unit.identity.fakes import NOW, lucie, sealed
from tests.unit.identity.scenarios import SCENARIOS, Scenario
from tests.unit.identity.scene import Scene


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.__name__)
async def test_on_the_real_store(told: Scenario, scene: Scene) -> None:
    await told(scene)


async def test_no_number_email_or_bank_account_is_in_the_database_in_clear(
    scene: Scene, service: Service, work: Work[Store]
) -> None:
    entry = RegisterEntry(lucie(), "FR5912345123450000DEMO00115", "9000000001")
    assert await work(handlers.import_insured, handlers.ImportInsured(entry, sealed, NOW))
    await scene.open_account(lucie(), "canary@exemple.invalid", "7294")
    stored = [str(each) for name in INDEXES for each in await service.database[name].find({})]
    for canary in ("285032999090", "DEMO00115", "9000000001", "canary@"):
        assert not any(canary in each for each in stored), canary
    assert not await work(handlers.import_insured, handlers.ImportInsured(entry, sealed, NOW))
