"""How many codes may be tried: on one NIR, known or not, and apart from it on a known device (domain 3.4, A1)."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from contracts.problems import Problem, Text
from services.identity.domain.parameters import Parameters

# What provisional codes are mailed for; each kind lives for its own time.
PROVISIONAL = ("creation", "reset", "stopped", "caisse")


@dataclass(frozen=True)
class Tally:
    """Attempts since the last success, each counted before it is judged."""

    count: int = 0
    last_at: datetime | None = None

    def plus_one(self, now: datetime) -> "Tally":
        """With one more attempt."""
        return Tally(self.count + 1, now)


@dataclass(frozen=True)
class Attempts:
    """What was tried on one NIR, or by one person on one device.

    Provisional codes are counted apart once own codes are blocked, so that a stranger who blocks a NIR
    does not keep its owner from a code that came by e-mail; those of whoever waits for one
    (`domain/waiting.py`) apart from these. `failed` counts, on the NIR, every wrong code that the
    owner was not told of yet, wherever it was typed.
    """

    own: Tally = Tally()
    provisional: Tally = Tally()
    waiting: Tally = Tally()
    failed: int = 0
    version: int = 0

    def elsewhere(self) -> "Attempts":
        """With one more code that was tried for this person where it is counted apart: it makes nobody wait here."""
        return replace(self, failed=self.failed + 1)

    def right(self) -> "Attempts":
        """The attempt that was counted last was no failure; it still made the next one wait."""
        return replace(self, failed=max(0, self.failed - 1))

    def told(self) -> "Attempts":
        """After a log-in that told the owner what had failed; the next attempt waits as long as before."""
        return replace(self, failed=0)

    def cleared(self) -> "Attempts":
        """After a proof that the owner is back: all attempts are free again."""
        return Attempts(version=self.version)


@dataclass(frozen=True)
class Judged:
    """Which codes of an account an attempt is compared with; it never depends on whether there is an account."""

    own: bool
    provisional: bool


_NEVER = Text(
    "Ce code n'est plus accepté. Demandez un code provisoire avec « Code oublié ».",
    "This code is no longer accepted. Ask for a provisional code with “Forgotten code”.",
)


def _in_minutes(wait: timedelta) -> Text:
    minutes = math.ceil(wait.total_seconds() / 60)
    return Text(
        f"Réessayez dans {minutes} min. Vous pouvez aussi demander un code provisoire avec « Code oublié ».",
        f"Try again in {minutes} min. You can also ask for a provisional code with “Forgotten code”.",
    )


class TooManyAttempts(Problem):
    """Each code that is tried makes the next one wait; the owner is told how long, and what helps at once.

    Without a `wait`, no waiting helps.
    """

    status = 429
    title = Text("Trop d'essais", "Too many attempts")

    def __init__(self, wait: timedelta | None) -> None:
        super().__init__(_NEVER if wait is None else _in_minutes(wait))
        if wait is not None:
            self.retry_after = math.ceil(wait.total_seconds())  # type: ignore[misc]  # one refusal, one delay


def may_be_provisional(digits: int, rules: Parameters, now: datetime) -> bool:
    """Whether a code of so many digits may be one that was mailed; 0 for one that is not of digits alone."""
    return digits in _provisional_lengths(rules, now)


def count_attempt(attempts: Attempts, digits: int, rules: Parameters, now: datetime) -> tuple[Attempts, Judged]:
    """Let one more code be tried, and say against what. Raises TooManyAttempts.

    `digits` is how many the code has, 0 for one that is not of digits alone and so can't be provisional. The first
    five are free; then 1, 2, 4… up to 60 minutes must pass; after 50 no own code is judged any more until a provisional
    one was used.
    """
    mailed = may_be_provisional(digits, rules, now)
    if judges_own(attempts, rules, now):
        own = attempts.own.plus_one(now)
        return replace(attempts, own=own, failed=attempts.failed + 1), Judged(True, mailed)
    if not mailed:
        raise refusal(attempts, rules, now)

    provisional = _kept(attempts.provisional, rules, now)
    if wait := _wait(provisional, rules, now):
        raise TooManyAttempts(wait)
    counted = replace(attempts, provisional=provisional.plus_one(now), failed=attempts.failed + 1)
    return counted, Judged(False, True)


def judges_own(attempts: Attempts, rules: Parameters, now: datetime) -> bool:
    """Whether an own code is judged now; if so, a provisional one is with it."""
    return not stopped(attempts, rules, now) and not _wait(attempts.own, rules, now)


def stopped(attempts: Attempts, rules: Parameters, now: datetime) -> bool:
    """Whether so many were tried that no own code is judged any more, however long somebody waits."""
    return attempts.own.count >= rules.get("attempts.stop", now)


def blocked_until(attempts: Attempts, rules: Parameters, now: datetime) -> datetime | None:
    """When the next own code is judged, or None when none ever is."""
    return None if stopped(attempts, rules, now) else now + _wait(attempts.own, rules, now)


def refusal(attempts: Attempts, rules: Parameters, now: datetime) -> TooManyAttempts:
    """Says how long the next own code must wait, or that none is judged any more."""
    return TooManyAttempts(None if stopped(attempts, rules, now) else _wait(attempts.own, rules, now))


def _wait(tally: Tally, rules: Parameters, now: datetime) -> timedelta:
    beyond = tally.count - rules.get("attempts.free", now)
    if beyond < 0 or tally.last_at is None:
        return timedelta()
    longest = rules.minutes("attempts.longest-wait-minutes", now)
    delay = min(timedelta(minutes=2 ** min(beyond, 16)), longest)
    return max(timedelta(), tally.last_at + delay - now)


def _provisional_lengths(rules: Parameters, now: datetime) -> frozenset[int]:
    """Of every provisional code that may still be valid: one mailed before the number changed keeps its own."""
    lives = (rules.values(f"code.provisional.{each}-minutes", now) for each in PROVISIONAL)
    longest = timedelta(minutes=max(chain.from_iterable(lives)))
    return rules.values("code.provisional.digits", now, back=longest)


def _kept(tally: Tally, rules: Parameters, now: datetime) -> Tally:
    """Provisional codes live shortly, so a day without an attempt is a fresh start."""
    kept = rules.minutes("attempts.provisional-kept-minutes", now)
    return tally if tally.last_at and now - tally.last_at < kept else Tally()
