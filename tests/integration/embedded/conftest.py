"""One stack of parts for all tests of this folder; a test that ends or spoils a stack starts its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from deploy.embedded.ports import free_base
from deploy.embedded.stack import Options, Stack, start, stop


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("stack")
    start(Options(folder, free_base(), only_parts=True))
    yield folder
    stop(folder)


@pytest.fixture
def stack(data: Path) -> Stack:
    return Stack.load(data)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
