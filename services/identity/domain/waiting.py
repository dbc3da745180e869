"""Whoever asked for a code and waits for it tries it apart from everybody else who knows the number (domain F21, A1).

Without this, a stranger who types one wrong code a minute keeps an owner, who is known on no device, from every
code that is mailed to them.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.identity.domain.parameters import DAY, Parameters
from services.identity.domain.throttle import PROVISIONAL, Attempts, Tally


@dataclass(frozen=True)
class Waiting:
    """One request for a code, whether or not there is anybody to mail one to, and how often codes were tried for it."""

    until: datetime
    tries: int = 0
    version: int = 0


def begin(rules: Parameters, now: datetime) -> Waiting:
    """A request that is made now; it counts as long as the code that lives longest."""
    return Waiting(now + max(rules.minutes(f"code.provisional.{each}-minutes", now) for each in PROVISIONAL))


def count_try(
    waiting: Waiting | None, attempts: Attempts, digits: int, *, rules: Parameters, now: datetime
) -> tuple[Waiting, Attempts] | None:
    """One more code of so many digits tried for this request; `attempts` are those on the number.

    None when it must be counted like any other: the request is unknown, over or used up, or so many were tried on
    the number for requests of the last day that guessing would begin to pay.
    """
    if waiting is None or waiting.until <= now or waiting.tries >= rules.get("waiting.tries", now):
        return None
    last_at = attempts.waiting.last_at
    recent = attempts.waiting if last_at and now - last_at < DAY else Tally()
    if recent.count >= 10**digits // rules.get("waiting.one-in", now):
        return None
    counted = replace(attempts, waiting=recent.plus_one(now), failed=attempts.failed + 1)
    return replace(waiting, tries=waiting.tries + 1), counted
