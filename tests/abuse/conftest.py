"""One whole stack that all abuse is tried on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.abuse.residents import Resident, resident
from tests.abuse.scale import FULL
from tests.abuse.visitors import Cast, cast_of
from tests.world import World, running_world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A full run takes its time."""
    for item in items:
        if FULL and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The five services and their parts, each a process, in a folder and on ports of their own."""
    limits_as_in_production = {"GATEWAY_LIMITS": "{}"}
    purged_at_once = {"IDENTITY_PURGE_EVERY": "PT1S"}
    environment = {**limits_as_in_production, **purged_at_once}
    with running_world(tmp_path_factory.mktemp("abuse"), environment=environment) as running:
        yield running


@pytest.fixture(scope="session")
async def residents(world: World) -> tuple[Resident, Resident]:
    """Two people who have everything that an account can have."""
    first, second = await asyncio.gather(resident(world), resident(world))
    return first, second


@pytest.fixture(scope="session")
async def cast(world: World) -> AsyncIterator[Cast]:
    """Those whom FranceConnect knows."""
    async with cast_of(world) as people:
        yield people


@pytest.fixture
async def owner(residents: tuple[Resident, Resident]) -> Resident:
    """The one whose things are tried, with a session that is good for minutes."""
    return await residents[0].renewed()


@pytest.fixture
async def stranger(residents: tuple[Resident, Resident]) -> Resident:
    """The one who tries, with a session that is good for minutes."""
    return await residents[1].renewed()
