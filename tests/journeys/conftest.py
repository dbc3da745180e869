"""One whole stack for all journeys."""

from collections.abc import Iterator

import pytest

from tests.world import World, running_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The five services and their parts, each a process, in a folder and on ports of their own."""
    at_once = {"IDENTITY_PURGE_EVERY": "PT1S"}
    with running_world(tmp_path_factory.mktemp("world"), environment=at_once) as running:
        yield running
