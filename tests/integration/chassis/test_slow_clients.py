"""Slow heads, slow bodies and idle sockets (A16), on the real server with its limits divided by ten.

`python -m tests.integration.chassis.test_slow_clients` measures the limits as they are.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chassis.bodies import Patience
from tests.infra import free_port, running

ROOT = Path(__file__).parents[3]
SERVER = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.integration.chassis.slow_server"]
GET = b"GET /words HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /words HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HEADERS_MS, PATIENCE = 1000, Patience(at_first=0.5, rate=10_240, at_most=3.0)
SLACK = 1.5


class Closed(NamedTuple):
    """How a connection ended: after how many seconds, and what had been answered."""

    after: float
    answer: bytes


async def hold(
    port: int, first: bytes, drip: bytes = b"", *, every: float = 0.1, within: float = 10.0, source: str = "127.0.0.1"
) -> Closed:
    """Open a connection, send `first`, then `drip` again and again; wait until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    started = time.monotonic()
    writer.write(first)

    async def drips() -> None:
        while drip and not writer.is_closing():
            await asyncio.sleep(every)
            writer.write(drip)

    dripping, answer = asyncio.create_task(drips()), b""
    try:
        async with asyncio.timeout(within):
            while some := await reader.read(4096):
                answer += some
    except ConnectionError:
        pass  # closed while the server still had unread bytes
    finally:
        dripping.cancel()
        writer.close()
    return Closed(time.monotonic() - started, answer)


async def idle(port: int, within: float = 10.0) -> Closed:
    """Ask once, read the answer, then say nothing; counted from the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET + b"\r\n")
    answer = await reader.read(65536)
    started = time.monotonic()
    async with asyncio.timeout(within):
        assert await reader.read() == b""
    writer.close()
    return Closed(time.monotonic() - started, answer)


async def ask(port: int) -> float:
    """Seconds of one healthy request on a connection of its own."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b'Connection: close\r\nContent-Length: 15\r\n\r\n{"word": "oui"}')
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    return time.monotonic() - started


async def p99(port: int, requests: int) -> float:
    """The 99th percentile of healthy requests, one after the other."""
    took = [await ask(port) for _ in range(requests)]
    return statistics.quantiles(took, n=100)[98]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    found = free_port()
    limits = [HEADERS_MS, PATIENCE.at_first, PATIENCE.rate, PATIENCE.at_most]
    with running([*SERVER, str(found), *map(str, limits)], tmp_path_factory.mktemp("slow") / "server.log", found):
        yield found


@pytest.mark.parametrize(
    "first", [b"", b"G", GET, b"PRI * HT"], ids=["nothing", "a byte", "half a head", "half HTTP/2"]
)
async def test_a_head_that_does_not_come_is_not_waited_for(port: int, first: bytes) -> None:
    stalled, dripped = await asyncio.gather(hold(port, first), hold(port, first or b"G", b"X"))
    for closed in (stalled, dripped):
        assert closed.after < HEADERS_MS / 1000 + SLACK
        assert b"200" not in closed.answer


async def test_a_kept_alive_connection_that_says_nothing_more_is_closed(port: int) -> None:
    closed = await idle(port)
    assert closed.answer.startswith(b"HTTP/1.1 200")
    assert closed.after < HEADERS_MS / 1000 + SLACK


@pytest.mark.parametrize(
    ("head", "drip"),
    [
        (b"Content-Length: 1000\r\n\r\n", b""),
        (b"Content-Length: 1000\r\n\r\n", b"x"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", b""),
    ],
    ids=["stalled", "slow", "slow chunks", "stalled after continue"],
)
@pytest.mark.parametrize(
    ("reader", "told"), [(b"fr", "Recommencez avec"), (b"en", "Try again on")], ids=["French", "English"]
)
async def test_a_body_that_comes_too_slowly_is_refused_and_the_connection_closed(
    port: int, head: bytes, drip: bytes, reader: bytes, told: str
) -> None:
    closed = await hold(port, POST + b"Accept-Language: " + reader + b"\r\n" + head, drip)
    assert closed.after < PATIENCE.at_first + SLACK
    answered = closed.answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answered
    assert json.loads(answered.partition(b"\r\n\r\n")[2])["detail"].startswith(told)


async def test_a_body_that_comes_steadily_has_until_the_end_of_all_patience(port: int) -> None:
    steady = await hold(port, POST + b"Content-Length: 60000\r\n\r\n", b"x" * 1100)
    assert steady.answer.startswith(b"HTTP/1.1 408")
    assert PATIENCE.at_most - 0.1 < steady.after < PATIENCE.at_most + SLACK
    word = b'{"word": "%s"}' % (b"x" * 12_000)
    pieces = [word[start : start + 2500] for start in range(0, len(word), 2500)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(word))
    for piece in pieces:
        await asyncio.sleep(0.2)
        writer.write(piece)
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_body_nobody_reads_does_not_keep_the_connection(port: int) -> None:
    closed = await hold(port, GET + b"Content-Length: 1000\r\n\r\n", b"x")
    assert closed.answer.startswith(b"HTTP/1.1 200")
    assert closed.after < HEADERS_MS / 1000 + SLACK


async def test_a_body_that_is_too_large_is_not_read_to_its_end(port: int) -> None:
    closed = await hold(port, POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 70_000, b"x")
    assert closed.answer.startswith(b"HTTP/1.1 413")
    assert closed.after < SLACK


async def test_a_client_that_leaves_in_the_middle_of_its_body_has_said_nothing(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b'Transfer-Encoding: chunked\r\n\r\nf\r\n{"word": "oui"}\r\n')
    await writer.drain()
    writer.close()
    assert await ask(port) < SLACK


async def attack(port: int, *, within: float, every: float) -> dict[str, list[Closed]]:
    """100 slow heads, 50 slow bodies, 10 sockets that never speak and 10 that speak once; how each ended."""
    heads = [hold(port, GET, b"X", every=every, within=within) for _ in range(100)]
    bodies = [hold(port, POST + b"Content-Length: 1000\r\n\r\n", b"x", every=every, within=within) for _ in range(50)]
    silent = [hold(port, b"", within=within) for _ in range(10)]
    once = [idle(port, within) for _ in range(10)]
    ended = await asyncio.gather(*heads, *bodies, *silent, *once)
    return {"heads": ended[:100], "bodies": ended[100:150], "silent": ended[150:160], "idle": ended[160:]}


async def test_healthy_clients_hardly_notice_170_slow_ones(port: int) -> None:
    await p99(port, 50)
    alone = await p99(port, 300)
    attacking = asyncio.create_task(attack(port, within=10, every=0.2))
    await asyncio.sleep(0.1)
    meanwhile = await p99(port, 300)
    ended = await attacking
    assert all(closed.after < HEADERS_MS / 1000 + SLACK for each in ended.values() for closed in each)
    assert meanwhile <= max(2 * alone, 0.05)


async def measure() -> None:
    """Print when the slow are closed and how the healthy fare, with the server's own limits."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, running([*SERVER, str(port)], Path(folder) / "server.log", port):
        await p99(port, 200)
        alone = await p99(port, 3000)
        attacking = asyncio.create_task(attack(port, within=90, every=1.0))
        await asyncio.sleep(0.5)
        meanwhile = await p99(port, 3000)
        ended = await attacking
    for name, each in ended.items():
        times = [closed.after for closed in each]
        sys.stdout.write(f"{len(each)} {name}: closed after {min(times):.2f} to {max(times):.2f} s\n")
    sys.stdout.write(f"healthy p99: {alone * 1000:.1f} ms alone, {meanwhile * 1000:.1f} ms meanwhile\n")


if __name__ == "__main__":
    asyncio.run(measure())
