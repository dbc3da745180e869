"""The gateway's world."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.gateway.world import World, world


@pytest_asyncio.fixture
async def gateway(mongodb_url: str) -> AsyncIterator[World]:
    """A gateway on an empty database, with services that answer."""
    async with world(mongodb_url) as built:
        yield built
