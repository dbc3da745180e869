"""One gateway with the proxy before it, for all tests of this folder."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.edge.calling import served
from tests.edge.standing import certificate, gateway, proxy
from tests.infra import until


@pytest_asyncio.fixture(scope="session")
async def gateway_port(
    mongodb_url: str, kafka_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[int]:
    """A gateway that is ready."""
    with gateway(tmp_path_factory.mktemp("gateway"), mongodb_url, kafka_url) as port:
        await until(lambda: served(port, "/health/ready"), "the gateway is ready", within=40)
        yield port


@pytest.fixture(scope="session")
def port(gateway_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the public reaches that gateway."""
    with proxy(tmp_path_factory.mktemp("proxy"), gateway_port) as public:
        yield public


@pytest.fixture(scope="session")
def tls_port(gateway_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The same by TLS."""
    folder = tmp_path_factory.mktemp("tls")
    with proxy(folder, gateway_port, f"ssl crt {certificate(folder)}") as public:
        yield public
