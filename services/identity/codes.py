"""Draws, hashes and compares access codes: argon2id over a keyed hash, in threads, never more than two at once."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from chassis.ids import random_digits
from chassis.sealed import Sealer
from contracts.problems import Unavailable
from services.identity.domain.access_code import AccessCode, IssuedCode
from services.identity.domain.parameters import Parameters

T = TypeVar("T")
AT_ONCE = 2
MOST_WAITING = 50
READER = "notifications"
# Which pepper a hash was made with, so that the next pepper can be told from this one.
PEPPER_VERSION = "1:"
_argon2 = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class Codes:
    """Codes in clear go in and never come out. The pepper, kept outside the database, makes its dump useless."""

    def __init__(self, pepper: str, sealer: Sealer, rules: Parameters) -> None:
        self._pepper = base64.b64decode(pepper)
        self._sealer = sealer
        self._rules = rules
        self._limiter = CapacityLimiter(AT_ONCE)
        self._under_way = 0
        self._nobodys = self._hash(AccessCode(random_digits(13)))

    async def issue(self, now: datetime) -> IssuedCode:
        """Draw a provisional code, hashed for us and sealed for whoever mails it. Raises Unavailable."""
        code = AccessCode(random_digits(self._rules.get("code.provisional.digits", now)))
        return IssuedCode(await self.hash(code), self._sealer.seal(code.digits, READER))

    async def hash(self, code: AccessCode) -> str:
        """What is stored of a code. Raises Unavailable."""
        return await self._in_thread(partial(self._hash, code))

    async def matching(self, candidates: Sequence[str | None], code: AccessCode | None) -> str | None:
        """The candidate that is this code's hash, or None. Raises Unavailable.

        Takes as long for a missing candidate as for a wrong one.
        """
        if code is None:
            return None
        return await self._in_thread(partial(self._matching, candidates, code))

    def _hash(self, code: AccessCode) -> str:
        return PEPPER_VERSION + _argon2.hash(self._peppered(code))

    def _matching(self, candidates: Sequence[str | None], code: AccessCode) -> str | None:
        found = None
        for candidate in candidates:
            if self._matches(candidate or self._nobodys, code) and candidate is not None:
                found = candidate
        return found

    def _matches(self, stored: str, code: AccessCode) -> bool:
        try:
            return _argon2.verify(stored.removeprefix(PEPPER_VERSION), self._peppered(code))
        except VerifyMismatchError:
            return False

    def _peppered(self, code: AccessCode) -> bytes:
        return hmac.new(self._pepper, code.digits.encode(), hashlib.sha256).digest()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + MOST_WAITING:
            raise Unavailable
        self._under_way += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._under_way -= 1
