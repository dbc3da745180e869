"""How a scenario is told: once, for every store."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.unit.identity.scene import Scene

Scenario = Callable[[Scene], Awaitable[None]]
SCENARIOS: list[Scenario] = []
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def scenario(told: Scenario) -> Scenario:
    """Run this on the fake store and on the real one."""
    SCENARIOS.append(told)
    return told
