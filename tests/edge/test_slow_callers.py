"""A16 at the proxy: heads and bodies that do not end, and silence, all side by side, while somebody else is served."""

import asyncio
import logging
from typing import NamedTuple

from tests.edge.calling import caller
from tests.edge.standing import SITE
from tests.integration.chassis.test_slow_clients import Closed, hold
from tests.pace import TIMED, waits
from tests.world import somewhere

_log = logging.getLogger("edge")
SLACK = 2.0 if TIMED else 5.0  # of a busy machine
# What the proxy promises; A16 asks for 10, 30 and 60 s.
HEAD, BODY, STEADY, KEPT = 10.0, 15.0, 30.0, 10.0
DRIP_EVERY = 1.0
GET = b"GET /api/v1/capabilities HTTP/1.1\r\nHost: compte\r\n"
POST = (
    f"POST /api/v1/sessions HTTP/1.1\r\nHost: compte\r\nOrigin: {SITE}\r\nContent-Type: application/json\r\n".encode()
)
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
HALF_HEAD2 = bytes((0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82))
MORE_HEAD2 = bytes((0, 0, 1, 9, 0, 0, 0, 0, 1, 0x86))
PING2 = bytes((0, 0, 8, 6, 0, 0, 0, 0, 0)) + b"12345678"


class Slow(NamedTuple):
    """A way to be slow: what is sent first, and then each second; by when it is over, and what is answered first."""

    first: bytes
    drip: bytes
    within: float
    answer: bytes
    callers: int = 1
    tls: bool = False


HEADS = {
    "nothing": Slow(b"", b"", HEAD, b""),
    "no TLS handshake": Slow(b"", b"", HEAD, b"", tls=True),
    "a byte": Slow(b"G", b"", HEAD, b""),
    "half a head": Slow(GET, b"", HEAD, b""),
    "a head that goes on": Slow(GET, b"X-A: b\r\n", HEAD, b"", callers=100),
    "half HTTP/2": Slow(b"PRI * HT", b"", HEAD, b""),
    "HTTP/2 and nothing": Slow(HTTP2, b"", HEAD, b""),
    "HTTP/2 and pings": Slow(HTTP2, PING2, HEAD, b""),
    "a head of HTTP/2 that goes on": Slow(HTTP2 + HALF_HEAD2, MORE_HEAD2, HEAD, b""),
    "a second head that goes on": Slow(GET + b"\r\n" + GET, b"X", HEAD, b"HTTP/1.1 200"),
}
BODIES = {
    "stalled": Slow(POST + b"Content-Length: 1000\r\n\r\n", b"", BODY, b"HTTP/1.1 408"),
    "slow": Slow(POST + b"Content-Length: 1000\r\n\r\n", b"x", BODY, b"HTTP/1.1 408", callers=50),
    "slow chunks": Slow(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", BODY, b"HTTP/1.1 408"),
    "continue": Slow(POST + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", b"", BODY, b"HTTP/1.1 100"),
    "nobody reads": Slow(GET + b"Content-Length: 1000\r\n\r\n", b"x", BODY, b"HTTP/1.1 200"),
    "nobody reads, stalled": Slow(GET + b"Content-Length: 1000\r\n\r\n", b"", BODY, b"HTTP/1.1 200"),
    "steady": Slow(POST + b"Content-Length: 60000\r\n\r\n", b"x" * 1100, STEADY, b"HTTP/1.1 408"),
}
SILENT = {"kept": Slow(GET + b"\r\n", b"", KEPT, b"HTTP/1.1 200", callers=20)}
EVERY = {**HEADS, **BODIES, **SILENT}


async def test_whoever_is_slow_is_not_waited_for_and_nobody_else_waits_longer(port: int, tls_port: int) -> None:
    held: dict[str, list[Closed]] = {}

    async def all_closed() -> None:
        ended = await asyncio.gather(*(slow(tls_port if way.tls else port, way) for way in EVERY.values()))
        held.update(zip(EVERY, ended, strict=True))

    async with caller(port, somewhere()) as healthy:

        async def ask() -> None:
            assert (await healthy.ask(f"{GET.decode()}\r\n")).status == 200

        waited = await waits(ask, all_closed())
    longest = {name: round(max(each.after for each in some), 1) for name, some in held.items()}
    _log.info("A16 at the edge: %s; %s", longest, waited)
    assert {name: after for name, after in longest.items() if after > EVERY[name].within + SLACK} == {}
    for name, some in held.items():
        assert all(each.answer.startswith(EVERY[name].answer) for each in some), (name, some[0])
    assert waited.hardly_longer, waited


async def slow(port: int, way: Slow) -> list[Closed]:
    """How each caller of this way ended; every one has a source of its own, so that no cap takes part."""
    callers = [
        hold(port, way.first, way.drip, every=DRIP_EVERY, within=60, source=somewhere()) for _ in range(way.callers)
    ]
    return await asyncio.gather(*callers)
