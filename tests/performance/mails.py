"""From a command to the mail server's acceptance, at a few commands a second."""

import asyncio
import statistics
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from deploy.demo.client import Insured, seen
from deploy.demo.people import RegisterLine, somebody_new
from deploy.demo.upstream import import_register
from tests.world import World

PEOPLE, PER_SECOND = 60, 4


async def measure(world: World) -> Mapping[str, Any]:
    """Percentiles over account creations, from the click to the mailbox's own time of receipt."""
    people = [somebody_new() for _ in range(PEOPLE)]
    await import_register(world.data, [person.line() for person in people])
    creations = []
    for person in people:
        creations.append(asyncio.create_task(_create(world, person)))
        await asyncio.sleep(1 / PER_SECOND)
    took = sorted(await asyncio.gather(*creations))
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    return {
        "text": f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(took)} mails)",
        "bar": "p99 ≤ 1 s",
        "met": p99 <= 1000,
        "p50_ms": round(p50),
        "p99_ms": round(p99),
    }


async def _create(world: World, person: RegisterLine) -> float:
    email = f"bench-{uuid4().hex[:10]}@exemple.invalid"
    async with Insured(world.stack.gateway, world.stack.mailbox, email) as insured:
        clicked = datetime.now(UTC)
        await insured.create_account(**person.form())
        mails = await seen(lambda: insured.mailbox.mails(email), "the mail")
    return (datetime.fromisoformat(mails[0]["Created"]) - clicked).total_seconds() * 1000
