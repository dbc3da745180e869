"""Callers of the proxy, each from an address of its own, who say exactly what they are given to say."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

PAGE = "GET / HTTP/1.1\r\nHost: compte\r\n\r\n"


class Heard(NamedTuple):
    """One answer; status 0 when the connection was closed instead."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: str = PAGE) -> Heard:
        """Send this, and read one answer."""
        try:
            self._writer.write(request.encode())
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
            return Heard(int(status.split()[1]), headers, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            return Heard(0)


@asynccontextmanager
async def caller(port: int, source: str = "127.0.0.1", *, tls: bool = False) -> AsyncIterator[Caller]:
    """A connection from this source, closed with the block."""
    trusting = ssl._create_unverified_context() if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, local_addr=(source, 0))
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()


async def once(port: int, request: str = PAGE, source: str = "127.0.0.1", *, tls: bool = False) -> Heard:
    """The answer to one request on a connection of its own; status 0 when that is not even opened."""
    try:
        async with asyncio.timeout(30), caller(port, source, tls=tls) as one:
            return await one.ask(request)
    except ConnectionError:
        return Heard(0)


async def served(port: int, path: str = "/", source: str = "127.0.0.1") -> bool:
    """Whether this is answered with 200."""
    try:
        return (await once(port, PAGE.replace(" / ", f" {path} "), source)).status == 200
    except TimeoutError:
        return False
