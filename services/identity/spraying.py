"""Watches for one wrong code that is tried on many numbers (reliability A2), which no count by number can see."""

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from chassis import metrics
from chassis.telemetry import log
from services.identity.domain.access_code import AccessCode
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import Parameters

MOST_CODES = 10_000


@dataclass
class _Tried:
    since: datetime
    numbers: set[bytes] = field(default_factory=set)
    told: bool = False


class Spraying:
    """Remembers, in this process alone, on which numbers each wrong code was tried lately; all by keyed hashes.

    A process sees enough of an attack to notice it, and a write for every wrong code would double its cost.
    """

    def __init__(self, secret: bytes, rules: Parameters) -> None:
        self._secret = secret
        self._rules = rules
        self._tried: OrderedDict[bytes, _Tried] = OrderedDict()

    def watch(self, nir: Nir, code: AccessCode, now: datetime, *, refused: bool) -> None:
        """A code was judged. Raises the alarm, once a window, when a wrong one was tried on too many numbers."""
        if not refused:
            return
        tried = self._recent(self._hash(f"code:{code.text}"), now)
        most = self._rules.get("spraying.numbers", now)
        if len(tried.numbers) < most:
            tried.numbers.add(self._hash(f"nir:{nir.body}"))
        if len(tried.numbers) >= most and not tried.told:
            tried.told = True
            metrics.sprayed.inc()
            log.warning("one wrong code is tried on many numbers", count=most)

    def _recent(self, code: bytes, now: datetime) -> _Tried:
        window = self._rules.minutes("spraying.window-minutes", now)
        found = self._tried.get(code)
        if found is None or now - found.since >= window:
            self._tried.pop(code, None)
            found = self._tried[code] = _Tried(now)
            if len(self._tried) > MOST_CODES:
                self._tried.popitem(last=False)
        return found

    def _hash(self, value: str) -> bytes:
        return hmac.new(self._secret, f"spraying:{value}".encode(), hashlib.sha256).digest()[:8]
