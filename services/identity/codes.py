"""Draws, hashes and compares codes: argon2id over a keyed hash, in threads, never more than two at once."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

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
_argon2 = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class Codes:
    """Codes in clear go in and never come out. The peppers, kept outside the database, make its dump useless.

    `peppers` are keys in base64 by version; the newest hashes, the others only compare. A hash begins with the
    version of its pepper, so that a pepper can be replaced while codes hashed with the one before still open.
    """

    def __init__(self, peppers: Mapping[int, str], sealer: Sealer, rules: Parameters) -> None:
        self._peppers = {str(version): base64.b64decode(key) for version, key in peppers.items()}
        self._newest = str(max(peppers))
        self._sealer = sealer
        self._rules = rules
        # Threads of our own: each one that ever hashed keeps the memory of one hash, 19 MiB.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="codes")
        self._under_way = 0
        self._nobodys = self._hash(AccessCode(random_digits(13)))

    async def issue(self, now: datetime) -> IssuedCode:
        """Draw a provisional code, hashed for us and sealed for whoever mails it. Raises Unavailable."""
        return await self._issue(self._rules.get("code.provisional.digits", now))

    async def second(self, now: datetime, *, needed: bool) -> IssuedCode | None:
        """Draw the second code for a device that is not known, where one is needed. Raises Unavailable."""
        return await self._issue(self._rules.get("challenge.digits", now)) if needed else None

    async def hash(self, code: AccessCode) -> str:
        """What is stored of a code. Raises Unavailable."""
        return await self._in_thread(partial(self._hash, code))

    async def rehashed(self, matched: str | None, code: AccessCode) -> str | None:
        """The hash to store from now on instead of the one that this code matched, if its pepper was replaced."""
        if matched is None or _version(matched) == self._newest:
            return None
        return await self.hash(code)

    async def matching(self, candidates: Sequence[str | None], code: AccessCode | None) -> str | None:
        """The candidate that is this code's hash, or None. Raises Unavailable.

        Takes as long for a missing candidate as for a wrong one.
        """
        if code is None:
            return None
        return await self._in_thread(partial(self._matching, candidates, code))

    async def _issue(self, digits: int) -> IssuedCode:
        code = AccessCode(random_digits(digits))
        return IssuedCode(await self.hash(code), self._sealer.seal(code.text, READER))

    def _hash(self, code: AccessCode) -> str:
        return f"{self._newest}:{_argon2.hash(self._peppered(code, self._newest))}"

    def _matching(self, candidates: Sequence[str | None], code: AccessCode) -> str | None:
        found = None
        for candidate in candidates:
            if self._matches(candidate or self._nobodys, code) and candidate is not None:
                found = candidate
        return found

    def _matches(self, stored: str, code: AccessCode) -> bool:
        try:
            return _argon2.verify(stored.partition(":")[2], self._peppered(code, _version(stored)))
        except VerifyMismatchError:
            return False

    def _peppered(self, code: AccessCode, version: str) -> bytes:
        """Keyed by that pepper; by one that nobody has when it was retired, so that nothing matches any more."""
        return hmac.new(self._peppers.get(version, b"retired"), code.text.encode(), hashlib.sha256).digest()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + MOST_WAITING:
            raise Unavailable
        self._under_way += 1
        working = asyncio.get_running_loop().run_in_executor(self._threads, work)
        working.add_done_callback(self._done)
        # Whoever asked may leave; the work counts until it is done.
        return await asyncio.shield(working)

    def _done(self, _: object) -> None:
        self._under_way -= 1


def _version(stored: str) -> str:
    return stored.partition(":")[0]
