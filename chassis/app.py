"""From a service's parts to its running application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI

from chassis import inbox, outbox, telemetry, viewings, work
from chassis.background import Background
from chassis.bodies import StrictBody
from chassis.consumers import Consumers
from chassis.health import Health, health_router
from chassis.inbox import Inbox
from chassis.kafka import Cluster, Consumer
from chassis.mongo import Index
from chassis.outbox import Transaction
from chassis.redelivery import Redelivery
from chassis.relay import Relay
from chassis.service import Service
from chassis.viewings import Viewings
from chassis.watchdog import Watchdog
from chassis.web import Observe, install_problems
from chassis.work import Work
from contracts.viewing import Viewed

S = TypeVar("S")
CHASSIS_INDEXES: Sequence[Mapping[str, Sequence[Index]]] = (outbox.INDEXES, inbox.INDEXES, work.INDEXES)


def bare_app(title: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The routes alone, with their errors: enough to describe them, and what create_app builds on."""
    app = FastAPI(title=f"Compte: {title}", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    for router in routers:
        app.include_router(router)
    install_problems(app)
    return app


def create_app(
    service: Service,
    *,
    store: Callable[[Transaction], S],
    routers: Sequence[APIRouter],
    consumers: Consumers[S],
    indexes: Mapping[str, Sequence[Index]],
    tasks: Mapping[str, Callable[[Work[S]], Awaitable[object]]] | None = None,
    viewed: type[Viewed] | None = None,
    edge: bool = False,
) -> FastAPI:
    """The application of one service: its routes, its relay, its consumers and its repeated tasks.

    `tasks` are steps repeated every 200 ms, at once again when one returned truth. `viewed` is what is told when
    somebody looks at a person's data. `edge` is the gateway's: what callers say about traces and identity is not
    believed.
    """
    app = bare_app(service.name, routers)
    running = Running(service, store, consumers, {**indexes, **(viewings.INDEXES if viewed else {})}, tasks or {})
    app.state.service = service
    app.state.work = running.work
    if viewed:
        app.state.viewings = Viewings(running.work, viewed)
    app.include_router(health_router(running.health))
    app.add_middleware(StrictBody)
    app.add_middleware(Observe, trusts_caller=not edge)
    app.router.lifespan_context = running.lifespan
    return app


class Running:
    """One process of a service, from its start to its stop."""

    def __init__(
        self,
        service: Service,
        store: Callable[[Transaction], Any],
        consumers: Consumers[Any],
        indexes: Mapping[str, Sequence[Index]],
        tasks: Mapping[str, Callable[[Work[Any]], Awaitable[object]]],
    ) -> None:
        self._service = service
        self._indexes = indexes
        self._tasks = tasks
        self.work: Work[Any] = Work(service.database, service.source, store, service.wake)
        self._inbox = Inbox(consumers, self.work, store, service.cipher)
        self._consumer = Consumer(service.settings, self._inbox)
        self._cluster = Cluster(service.settings)
        topics = [f"{service.name}.events", *consumers.topics]
        self._relay = Relay(service.settings, service.database, topics, service.wake)
        self._background = Background()
        self.health = Health(service.database, self._consumer)

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Everything starts in the background, so that the process answers whatever is down."""
        settings, keep = self._service.settings, self._background.keep
        provider = telemetry.configure(
            self._service.name, settings.otlp_url, settings.trace_share, settings.trace_share_of_reads
        )
        keep("prepare", self._prepare)
        keep("relay", self._after_prepared(self._relay.run))
        keep("broker watch", self._after_prepared(self._relay.watch))
        if settings.watch_outbox:
            keep("outbox stream", self._after_prepared(self._watch_outbox))
        if self._consumer.topics:
            redelivery = Redelivery(self._service.database, self._inbox)
            watchdog = Watchdog(self._cluster, self._consumer, self._inbox.consumers.group)
            keep("consumer", self._after_prepared(self._consume))
            keep("watchdog", self._after_prepared(watchdog.run))
            keep("redelivery", self._after_prepared(_every(0.5, redelivery.run)))
        for name, step in self._tasks.items():
            keep(name, self._after_prepared(_every(0.2, partial(step, self.work))))
        try:
            yield
        finally:
            await self._consumer.stop()
            await self._background.stop()
            await self._service.database.close()
            if provider is not None:
                await asyncio.to_thread(provider.shutdown)

    async def _prepare(self) -> None:
        """Create what the database lacks; done once, tried until it works."""
        for indexes in (*CHASSIS_INDEXES, self._indexes):
            await self._service.database.ensure_indexes(indexes)
        await self._service.cipher.prepare()
        self.health.prepared.set()
        await asyncio.Event().wait()

    def _after_prepared(self, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def waiting() -> None:
            await self.health.prepared.wait()
            await run()

        return waiting

    async def _consume(self) -> None:
        """Be in the group, and join it anew when the broker has lost its log (offsets mean nothing then)."""
        while True:
            self._relay.lost_log.clear()
            await self._cluster.ensure_topics(self._consumer.topics)
            try:
                await self._consumer.start()
                await self._relay.lost_log.wait()
            finally:
                await self._consumer.stop()

    async def _watch_outbox(self) -> None:
        """Wake the relay for what other processes of this service commit."""
        stream = self._service.database.watch("outbox")
        if asyncio.iscoroutine(stream):
            stream = await stream
        async with stream as changes:
            async for _ in changes:
                self._service.wake()


def _every(seconds: float, step: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def loop() -> None:
        while True:
            if not await step():
                await asyncio.sleep(seconds)

    return loop
