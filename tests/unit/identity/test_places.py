"""Few log-ins are worked on at once, few wait, and the rest is turned away at once (reliability A17)."""

import asyncio

import pytest

from contracts.problems import Unavailable
from services.identity.api.parts import Places


async def test_one_more_than_may_work_and_wait_is_turned_away_and_those_who_wait_have_their_turn() -> None:
    places, leave, inside = Places(at_once=2, waiting=1), asyncio.Event(), 0

    async def log_in() -> None:
        nonlocal inside
        async with places.taken():
            inside += 1
            await leave.wait()
            inside -= 1

    log_ins = [asyncio.create_task(log_in()) for _ in range(3)]
    await asyncio.sleep(0)
    assert inside == 2
    with pytest.raises(Unavailable):
        await log_in()
    leave.set()
    await asyncio.gather(*log_ins)
    async with places.taken():
        assert inside == 0
