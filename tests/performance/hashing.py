"""What one access code costs, and whether others wait for it: codes are hashed in threads, two at once."""

import asyncio
import base64
import json
import statistics
import time
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey

from chassis.sealed import Sealer
from services.identity.codes import AT_ONCE, Codes
from services.identity.domain.access_code import AccessCode
from tests.unit.identity.fakes import RULES

CHECKS, CODE = 200, AccessCode("7294")


async def measure() -> Mapping[str, Any]:
    """Milliseconds of one check, checks a second with two at once, and how late the event loop is meanwhile."""
    key = ECKey.generate_key("P-256", {"kid": "notifications"})
    sealer = Sealer(json.dumps({"keys": [key.as_dict(private=False)]}), json.dumps(key.as_dict(private=True)))
    codes = Codes({1: base64.b64encode(b"p" * 32).decode()}, sealer, RULES)
    stored = await codes.hash(CODE)
    alone = statistics.median([await _timed(codes, stored) for _ in range(20)])
    late: list[float] = []
    looking = asyncio.create_task(_look(late))
    started = time.perf_counter()
    await asyncio.gather(*(_some(codes, stored) for _ in range(AT_ONCE)))
    per_second = CHECKS / (time.perf_counter() - started)
    looking.cancel()
    p99 = statistics.quantiles(late, n=100)[98] * 1e3
    return {
        "text": f"{alone * 1e3:.0f} ms, {per_second:.0f}/s two at once, loop late p99 {p99:.1f} ms",
        "bar": "loop late ≤ 30 ms meanwhile",
        "met": p99 <= 30,
        "check_ms": round(alone * 1e3, 1),
        "checks_per_second": round(per_second, 1),
        "loop_late_p99_ms": round(p99, 1),
    }


async def _timed(codes: Codes, stored: str) -> float:
    started = time.perf_counter()
    assert await codes.matching((stored,), CODE) == stored
    return time.perf_counter() - started


async def _some(codes: Codes, stored: str) -> None:
    for _ in range(CHECKS // AT_ONCE):
        await _timed(codes, stored)


async def _look(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + 0.001
        await asyncio.sleep(0.001)
        late.append(time.perf_counter() - due)
