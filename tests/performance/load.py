"""A load generator that costs little: one request at a time on each of a few kept-open connections."""

import asyncio
import time


class _Connection(asyncio.Protocol):
    """Sends the same request again as soon as it is answered. Answers must carry a Content-Length."""

    def __init__(self, request: bytes, ends: float) -> None:
        self._request = request
        self._ends = ends
        self._buffer = b""
        self._missing = 0
        self.answered = 0
        self.failed = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.failed += not head.startswith(b"HTTP/1.1 200")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._missing = int(length) - len(rest)
            self._buffer = b""
        if self._missing <= 0:
            self._next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        self._missing = 0
        self.answered += 1
        if time.perf_counter() < self._ends:
            self._transport.write(self._request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


async def requests_per_second(
    host: str, port: int, path: str, headers: dict[str, str], *, seconds: float, connections: int = 16
) -> float:
    """How many times a second `GET path` is answered 200. Raises AssertionError when one is not."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        (await loop.create_connection(lambda: _Connection(request, started + seconds), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.done for each in opened))
    took = time.perf_counter() - started
    assert not sum(each.failed for each in opened), f"{path}: not every answer was a 200"
    return sum(each.answered for each in opened) / took
