"""The proxy that deploy/edge/haproxy.cfg describes: what it lets through, from whom, and what it says of them."""

import asyncio
import re
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.edge.calling import PAGE, caller, once, served
from tests.edge.standing import (
    CONNECTIONS_PER_SOURCE,
    CREATIONS,
    SITE,
    TAKES_ITS_TIME,
    black_hole,
    certificate,
    checked,
    echo,
    proxy,
)
from tests.infra import free_port, until
from tests.pace import TIMED
from tests.world import somewhere

COMPLETE = {"PUBLIC": "127.0.0.1:1", "GATEWAY": "127.0.0.1:2", "CONNECTIONS_PER_SOURCE": "50"}
SAID_WITHIN = 2.5 if TIMED else 10.0
CLAIMS = "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 192.0.2.2, 192.0.2.3\r\nForwarded: for=192.0.2.4\r\n"
CREATE = (
    "POST /api/v1/accounts HTTP/1.1\r\nHost: compte\r\n"
    f"Origin: {SITE}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
)


def test_the_file_is_accepted_without_a_word_of_warning(folder: Path) -> None:
    for public in ("127.0.0.1:1", f"127.0.0.1:1 ssl crt {certificate(folder)}"):
        done = checked(**{**COMPLETE, "PUBLIC": public})
        assert (done.returncode, done.stdout + done.stderr) == (0, "Configuration file is valid\n")


@pytest.mark.parametrize("missing", COMPLETE)
def test_without_one_of_its_settings_it_does_not_start(missing: str) -> None:
    done = checked(**{name: value for name, value in COMPLETE.items() if name != missing})
    assert done.returncode == 1
    assert "[ALERT]" in done.stderr


async def test_pages_are_answered_through_it_and_by_tls_alone_where_it_is_told_so(port: int, tls_port: int) -> None:
    async with caller(port) as plain, caller(tls_port, tls=True) as secret:
        for one in (plain, secret, plain, secret):
            page = await one.ask()
            assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert b"</html>" in page.body
    assert (await once(tls_port)).status == 0


async def test_what_operators_look_at_is_not_public(port: int, gateway_port: int) -> None:
    for path in ("/health/ready", "/health/live", "/metrics"):
        assert await served(gateway_port, path)
        for disguised in (path, path.replace("e", "%65"), f"{path}?x=y", f"{path}/", f"http://compte{path}"):
            told = await once(port, PAGE.replace(" / ", f" {disguised} "))
            assert (told.status, told.json["type"]) == (404, "/problems/not-found")


async def test_one_source_has_so_many_connections_and_not_one_more(port: int) -> None:
    source, another = somewhere(), somewhere()
    async with AsyncExitStack() as held:
        for _ in range(CONNECTIONS_PER_SOURCE - 1):
            kept = await held.enter_async_context(caller(port, source))
            assert (await kept.ask()).status == 200
        async with caller(port, source) as last:
            assert (await last.ask()).status == 200
            for _ in range(3):
                assert (await once(port, source=source)).status == 0
            assert (await last.ask()).status == 200
            assert (await once(port, source=another)).status == 200
        await until(lambda: served(port, source=source), "the place of whoever left is free")


async def test_a_caller_does_not_say_where_it_comes_from(folder: Path) -> None:
    behind, source = free_port(), somewhere()
    async with echo(behind):
        with proxy(folder, behind) as port:
            heard = (await once(port, PAGE.replace("\r\n\r\n", f"\r\n{CLAIMS}\r\n"), source)).json["headers"]
    assert [pair for pair in heard if "forwarded" in pair[0]] == [["x-forwarded-for", source]]


async def test_the_gateway_counts_by_the_real_source_whatever_a_caller_claims(port: int) -> None:
    source, another = somewhere(), somewhere()

    async def create(source: str, claimed: str) -> tuple[int, str]:
        claims = f"X-Forwarded-For: {claimed}\r\nForwarded: for={claimed}\r\n"
        heard = await once(port, f"{CREATE}{claims}\r\n{{}}", source)
        left = re.match(r'"network";r=(\d+);', heard.headers["ratelimit"])
        assert left
        return heard.status, left[1]

    for left in reversed(range(CREATIONS)):
        assert await create(source, f"198.51.100.{left}") == (503, str(left))
    assert await create(source, another) == (429, "0")
    assert await create(another, source) == (503, str(CREATIONS - 1))


async def test_a_gateway_that_went_away_is_told_at_once_and_missed_no_longer_when_it_is_back(folder: Path) -> None:
    behind = free_port()
    with proxy(folder, behind) as port:
        async with echo(behind):
            await until(lambda: served(port), "the gateway is found")
        assert await seconds_of_503(port) < SAID_WITHIN
        async with echo(behind):
            await until(lambda: served(port), "the gateway is found again")


async def test_a_gateway_that_hangs_up_is_told_as_a_problem_too(folder: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/health" in await reader.readline():
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    behind = free_port()
    async with await asyncio.start_server(hang_up, "127.0.0.1", behind):
        with proxy(folder, behind) as port:
            told = await once(port)
    assert (told.status, told.json["type"]) == (502, "/problems/unavailable")


async def test_a_gateway_of_which_nothing_is_heard_is_told_in_time(folder: Path) -> None:
    with black_hole() as behind, proxy(folder, behind) as port:
        # The first is told before the proxy's own look at the gateway has failed, the second after it.
        assert 0.5 < await seconds_of_503(port) < SAID_WITHIN
        assert await seconds_of_503(port) < SAID_WITHIN


async def test_a_slow_answer_is_waited_for_and_no_connection_to_the_gateway_is_used_twice(folder: Path) -> None:
    behind = free_port()
    async with echo(behind):
        with proxy(folder, behind) as port:
            async with caller(port) as patient:
                began = time.monotonic()
                late = await patient.ask(PAGE.replace(" / ", " /late "))
                assert (late.status, time.monotonic() - began > TAKES_ITS_TIME) == (200, True)
                assert (await patient.ask()).json["from"] != late.json["from"]


async def seconds_of_503(port: int) -> float:
    """How long the proxy takes to say that nobody is behind it."""
    began = time.monotonic()
    told = await once(port)
    assert (told.status, told.headers["content-type"]) == (503, "application/problem+json")
    assert (told.json["type"], told.headers["retry-after"]) == ("/problems/unavailable", "2")
    return time.monotonic() - began
