"""One notifications service on a real database, for all tests of a module."""

from collections.abc import AsyncIterator

import pytest

from tests.infra import fresh_service
from tests.integration.notifications.parts import Parts, prepared
from tests.integration.notifications.sink import Sink


@pytest.fixture(scope="module")
async def parts(mongodb_url: str) -> AsyncIterator[Parts]:
    """The service's parts on an empty database."""
    async for service in fresh_service("notifications", mongodb_url):
        yield await prepared(service)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A mail server that keeps what it accepts."""
    async with Sink() as running:
        yield running
