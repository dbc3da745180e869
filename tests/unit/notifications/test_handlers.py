"""The use cases on the fake store; tests/integration/notifications/test_store.py runs the same on the real one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications.domain.mails import Mail
from tests.unit.notifications.builders import sealed
from tests.unit.notifications.fakes import FakeWork
from tests.unit.notifications.scenarios import SCENARIOS, Scenario


class FakeWorld:
    """The scenarios' world in memory."""

    def __init__(self) -> None:
        self._work = FakeWork()

    async def run(self, handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        return await self._work(handler, command)

    async def said(self) -> list[Event]:
        return self._work.store.events

    async def mail(self, mail_id: str) -> Mail | None:
        return self._work.store.mails.get(mail_id)

    def seal(self, value: str) -> Sealed:
        return sealed(value)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_the_use_cases_keep_their_promises(scenario: Scenario) -> None:
    await scenario(FakeWorld())
