"""Fixtures that every level of tests may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import infra

# Machines that run tests are slow at times; CI draws the same examples each time.
settings.register_profile("compte", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("compte")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares servers: a file's tests, all journeys, all crash tests, all abuse."""
    for item in items:
        folder = item.path.parent.name
        group = folder if folder in {"journeys", "chaos", "abuse"} else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
        if folder == "abuse":
            item.add_marker(pytest.mark.abuse)


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
