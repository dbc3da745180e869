"""Strangers: callers without a session, each in a network of its own."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp

from tests.world import World

T = TypeVar("T")
# Networks that nobody called from yet: what one crowd used up does not limit the next.
_free = [f"127.{a}.{b}" for a in range(1, 251) for b in range(1, 251)]


@dataclass(frozen=True)
class Heard:
    """An answer to the byte, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Stranger:
    """One network, and everybody in it."""

    def __init__(self, gateway: str, http: aiohttp.ClientSession) -> None:
        self._gateway = gateway
        self._http = http

    async def post(self, path: str, body: Any, *, method: str = "POST", headers: dict[str, str] | None = None) -> Heard:
        """One write, with an idempotency key of its own. Status 0 for a connection that broke."""
        sent = {"Origin": self._gateway, "Idempotency-Key": str(uuid4()), **(headers or {})}
        return await self._call(method, path, json=body, headers=sent)

    async def insist(self, path: str, body: Any) -> Heard:
        """A write that is sent again, as the same request, while the service is too busy to answer."""
        same = {"Idempotency-Key": str(uuid4())}
        while (heard := await self.post(path, body, headers=same)).status in {0, 503}:
            await asyncio.sleep(0.1)
        return heard

    async def get(self, path: str) -> Heard:
        """One read."""
        return await self._call("GET", path)

    async def _call(self, method: str, path: str, **sent: Any) -> Heard:
        started = time.perf_counter()
        try:
            async with self._http.request(method, f"{self._gateway}/api/v1{path}", **sent) as response:
                body = await response.read()
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Heard(response.status, headers, body, time.perf_counter() - started)
        except (aiohttp.ClientError, TimeoutError):
            return Heard(0, {}, b"", time.perf_counter() - started)


@asynccontextmanager
async def crowd(world: World, networks: int) -> AsyncIterator[list[Stranger]]:
    """That many strangers, no two of whom share a network (a /24 of the loopback addresses)."""
    places = random.sample(_free, networks)
    _free[:] = set(_free) - set(places)
    async with AsyncExitStack() as opened:
        yield [
            Stranger(
                world.stack.gateway,
                await opened.enter_async_context(
                    aiohttp.ClientSession(
                        connector=aiohttp.TCPConnector(local_addr=(f"{place}.{random.randint(1, 250)}", 0), limit=0),
                        cookie_jar=aiohttp.DummyCookieJar(),
                        timeout=aiohttp.ClientTimeout(total=60),
                    )
                ),
            )
            for place in places
        ]


async def at_once(calls: Iterable[Callable[[], Awaitable[T]]], most: int) -> list[T]:
    """The results of all calls in their order, never more than `most` under way."""
    places = asyncio.Semaphore(most)

    async def one(call: Callable[[], Awaitable[T]]) -> T:
        async with places:
            return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))
