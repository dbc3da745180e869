"""The use cases of payments on the store in memory."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.payments import ReimbursementPaid
from tests.unit.payments.fakes import FakeStore
from tests.unit.payments.scenarios import SCENARIOS, World


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_on_the_fake_store(scenario: Callable[[World], Awaitable[None]]) -> None:
    store = FakeStore()

    async def run(handler: Any, command: Any) -> Any:
        return await handler(command, store)

    async def said() -> list[ReimbursementPaid]:
        return store.said

    await scenario(World(run, said))
