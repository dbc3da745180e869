"""The use cases of procedures on the store in memory."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.procedures import CardOrdered
from services.procedures import handlers
from tests.unit.procedures.builders import TODAY
from tests.unit.procedures.fakes import FakeStore
from tests.unit.procedures.scenarios import SCENARIOS, World


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_on_the_fake_store(scenario: Callable[[World], Awaitable[None]]) -> None:
    store = FakeStore()

    async def run(handler: Any, command: Any) -> Any:
        return await handler(command, store)

    async def said() -> list[CardOrdered]:
        return [event for event in store.said if isinstance(event, CardOrdered)]

    await scenario(World(run, said))


async def test_the_catalogue_holds_only_what_exists() -> None:
    found = await handlers.list_procedures(handlers.ListProcedures(TODAY), FakeStore())
    assert [procedure.kind.value for procedure in found] == ["vitale-card-order"]
