"""Fixtures that every level of tests may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import infra

# Machines that run tests are slow at times; CI draws the same examples each time.
settings.register_profile("compte", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("compte")


SHARING_ONE_STACK = {"journeys", "chaos", "abuse"}


class ByServers(LoadScopeScheduling):  # type: ignore[misc]  # the package says nothing of its types
    """Keeps together what shares servers: a file's tests, all journeys, all crash tests, all abuse."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return file.parent.name if file.parent.name in SHARING_ONE_STACK else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServers:
    """Spread the tests over the workers by the servers that they need."""
    return ByServers(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what attacks a whole stack, and what needs the proxy in front of it."""
    for item in items:
        if item.path.parent.name in {"abuse", "edge"}:
            item.add_marker(item.path.parent.name)


@pytest.fixture(scope="session")
def mongodb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real database for the whole run; every service gets a database name of its own."""
    with infra.mongodb(tmp_path_factory.mktemp("mongodb")) as url:
        yield url


@pytest.fixture(scope="session")
def kafka_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real broker for the whole run."""
    with infra.broker(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the test's own."""
    return tmp_path
