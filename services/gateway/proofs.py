"""Proof of work (ALTCHA, PBKDF2): challenges that cost whoever solves them a second, and work once.

A challenge is kept nowhere: its signature says that it is ours, for which route, and until when. What was solved is
remembered in `proofs` for as long as it could be sent again.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from altcha import Payload, create_challenge, verify_solution

from chassis import clock
from chassis.mongo import Database, Duplicate, Index

PROOFS = "proofs"
INDEXES: Mapping[str, Sequence[Index]] = {PROOFS: [Index(("expires_at",), expire_after=timedelta())]}
ALGORITHM = "PBKDF2/SHA-256"
PREFIX = "00"  # one try in 256 has it; what a try costs is a setting
GOOD_FOR = timedelta(minutes=5)
LONGEST = 2000


class Proofs:
    """Draws challenges and takes solutions. Replicas share the secret, so each takes what any of them drew."""

    def __init__(self, database: Database, secret: str, cost: int, *, now: Callable[[], datetime] = clock.now) -> None:
        self._bounded = database.bounded
        self._solved = database[PROOFS]
        self._secret = secret
        self._cost = cost
        self._now = now

    def challenge(self, route: str) -> Mapping[str, Any]:
        """A new one for this route, as clients are told. It costs us nothing but a signature."""
        drawn = create_challenge(
            ALGORITHM,
            self._cost,
            key_prefix=PREFIX,
            expires_at=self._now() + GOOD_FOR,
            data={"route": route},
            hmac_secret=self._secret,
        )
        told: Mapping[str, Any] = drawn.to_dict()
        return told

    async def take(self, solution: str | None, route: str) -> bool:
        """Whether this solves a challenge of ours for this route, in time, for the first time. Raises DatabaseDown.

        Of many at once with the same solution, one is told that it does.
        """
        paid = _read(solution)
        if paid is None or paid.challenge.parameters.data != {"route": route}:
            return False
        # What was signed is derived again: milliseconds that the event loop does not have.
        result = await asyncio.to_thread(verify_solution, paid, self._secret)
        return result.verified and await self._is_first(str(paid.challenge.parameters.nonce))

    async def _is_first(self, nonce: str) -> bool:
        # Kept for twice the time, so that no clock that is a minute ahead forgets it too soon.
        document = {"_id": nonce, "expires_at": self._now() + 2 * GOOD_FOR}
        try:
            async with self._bounded():
                await self._solved.insert(document)
        except Duplicate:
            return False
        return True


def _read(solution: str | None) -> Payload | None:
    """What a client sent, if it can be read at all; nothing of it is believed yet."""
    if not solution or len(solution) > LONGEST:
        return None
    try:
        return Payload.from_dict(json.loads(base64.b64decode(solution, validate=True)))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
