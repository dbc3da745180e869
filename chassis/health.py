"""What a supervisor and an operator ask a process, on the port that it serves.

The gateway's is the port that callers reach: whatever stands in front of it must not route `/health` and `/metrics`.
"""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.kafka import Consumer
from chassis.mongo import Database, DatabaseDown

PATIENCE = 20.0


class Health:
    """Whether this process may be given work."""

    def __init__(self, database: Database, consumer: Consumer[Any]) -> None:
        self._database = database
        self._consumer = consumer
        self._started = time.monotonic()
        self._joined = False
        self.prepared = asyncio.Event()

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Ready: the database answers and is prepared, and the consumer has joined its group once.

        A broker that is away for longer than 20 s does not make the process unready: commands are stored
        and published later.
        """
        try:
            await self._database.ping()
            database = "ok" if self.prepared.is_set() else "preparing"
        except DatabaseDown:
            database = "down"
        self._joined = self._joined or self._consumer.joined
        waited = time.monotonic() - self._started > PATIENCE
        ready = database == "ok" and (self._joined or waited)
        return ready, {"database": database, "consumer": "joined" if self._consumer.joined else "joining"}


def health_router(health: Health) -> APIRouter:
    """`/health/live`, `/health/ready` and `/metrics`; none of them is part of the API."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/health/ready")
    async def ready(response: Response) -> dict[str, str]:
        is_ready, parts = await health.ready()
        response.status_code = 200 if is_ready else 503
        return {"status": "ok" if is_ready else "unavailable", **parts}

    @router.get("/metrics")
    async def scrape() -> Response:
        # Every series becomes text: time that the event loop does not have.
        return Response(await asyncio.to_thread(generate_latest), media_type=CONTENT_TYPE_LATEST)

    return router
