"""What a process remembers of sessions that ended in it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from services.gateway.access_tokens import AccessTokens
from services.gateway.handlers.sessions import REVOCATIONS_MATTER
from tests.unit.gateway.builders import NOW

NO_WORK: Any = None  # nothing is looked up to forget


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


async def no_keys() -> str:
    """Nobody answers."""
    raise AssertionError


def test_a_session_that_ended_here_is_remembered_until_its_tokens_are_over_and_no_longer() -> None:
    clock = Clock()
    tokens = AccessTokens(NO_WORK, no_keys, now=clock)
    first, last = uuid4(), uuid4()
    tokens.forget(first)
    clock.at += REVOCATIONS_MATTER - timedelta(seconds=1)
    tokens.forget(last)
    assert set(tokens._forgotten) == {first, last}
    clock.at += timedelta(seconds=1)
    tokens.forget(last)
    assert set(tokens._forgotten) == {last}


def test_a_day_of_log_outs_is_not_kept() -> None:
    clock = Clock()
    tokens = AccessTokens(NO_WORK, no_keys, now=clock)
    for _ in range(24 * 60):
        tokens.forget(uuid4())
        clock.at += timedelta(minutes=1)
    assert len(tokens._forgotten) <= REVOCATIONS_MATTER / timedelta(minutes=1)
