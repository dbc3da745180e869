"""A16: connections are opened and held, by heads and bodies that do not end and by silence.

The limits themselves are measured in tests/integration/chassis/test_slow_clients.py, and the proxy in tests/edge; here
it is the running gateway that must go on for everybody else meanwhile. Holding costs nothing, so the usual run holds as
many as the full one.
"""

import asyncio
from urllib.parse import urlsplit

from tests.abuse.crowd import crowd
from tests.abuse.figures import say
from tests.integration.chassis.test_slow_clients import Closed, hold
from tests.pace import TIMED, waits
from tests.world import World

SLOW_HEADS, SLOW_BODIES, IDLE = 100, 50, 20
MOST_HEAD, MOST_BODY, MOST_IDLE = 10.0, 30.0, 60.0
SLACK = 3.0 if TIMED else 6.0  # of a busy machine
HEAD = b"POST /api/v1/sessions HTTP/1.1\r\nHost: compte\r\nContent-Type: application/json\r\n"
ASKED = b"GET /api/v1/capabilities HTTP/1.1\r\nHost: compte\r\n\r\n"


async def test_whoever_is_slow_is_not_waited_for_and_nobody_else_waits_longer(world: World) -> None:
    port = urlsplit(world.stack.gateway).port or 0
    async with crowd(world, 1) as [healthy]:
        heads = [hold(port, HEAD, b"X-A: b\r\n", every=1.0, within=60) for _ in range(SLOW_HEADS)]
        bodies = [
            hold(port, HEAD + b"Content-Length: 1000\r\n\r\n", b"x", every=1.0, within=60) for _ in range(SLOW_BODIES)
        ]
        idle = [hold(port, ASKED, within=90) for _ in range(IDLE)]
        held: list[Closed] = []

        async def all_closed() -> None:
            held.extend(await asyncio.gather(*heads, *bodies, *idle))

        async def ask() -> None:
            assert (await healthy.get("/capabilities")).status == 200

        waited = await waits(ask, all_closed())
    slow_heads, slow_bodies = held[:SLOW_HEADS], held[SLOW_HEADS : SLOW_HEADS + SLOW_BODIES]
    longest = [max(each.after for each in some) for some in (slow_heads, slow_bodies, held[-IDLE:])]
    say("A16", f"longest {longest} s; {waited}")
    for after, most in zip(longest, (MOST_HEAD, MOST_BODY, MOST_IDLE), strict=True):
        assert after <= most + SLACK
    assert all(each.answer.startswith(b"HTTP/1.1 408") for each in slow_bodies)
    assert all(each.answer.startswith(b"HTTP/1.1 200") for each in held[-IDLE:])
    assert waited.hardly_longer, waited
