"""A whole stack for tests, and what a test may ask of it: people, topics, databases, logs, traces."""

import json
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pymongo

from chassis.history import raw_history
from chassis.kafka import Cluster
from chassis.settings import ServiceSettings
from deploy.demo.client import Insured
from deploy.demo.journey import Journey
from deploy.demo.people import RegisterLine, settlements, somebody_new
from deploy.demo.upstream import import_register, publish_settlements
from deploy.embedded.commands import run
from deploy.embedded.ports import free_base
from deploy.embedded.stack import Options, Stack, restarted, start, stop
from tests.infra import APACHE, broker, service_settings

AMOUNTS = [1600, 1599, 1900]


def somewhere() -> str:
    """A loopback address in a network (/24) of its own, so that nobody uses up what another one may do."""
    return f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"


@dataclass(frozen=True)
class World:
    """A running stack in a folder of the test's own."""

    stack: Stack
    data: Path

    @asynccontextmanager
    async def insured(self, person: RegisterLine, *, app: bool = False) -> AsyncIterator[Insured]:
        """A person the caisse's register knows, with a device and an e-mail address of their own."""
        await import_register(self.data, [person.line()])
        email = f"camille-{uuid4().hex[:10]}@exemple.invalid"
        async with Insured(self.stack.gateway, self.stack.mailbox, email, app=app, address=somewhere()) as insured:
            yield insured

    def journey(self, person: RegisterLine, insured: Insured) -> Journey:
        """The main job of this person, not walked yet."""
        return Journey(person, insured, lambda: self.settle(person), AMOUNTS)

    async def settle(self, person: RegisterLine) -> int:
        """The caisse settles three acts of care of this person."""
        return await publish_settlements(self.stack.kafka, settlements("P1", person.person_id))

    async def walk(self, *, app: bool = False) -> Journey:
        """One whole journey of somebody new; how it went."""
        person = somebody_new()
        async with self.insured(person, app=app) as insured:
            journey = self.journey(person, insured)
            await journey.walk()
        return journey

    def database(self, service: str) -> Any:
        """A service's database, through the synchronous driver."""
        return pymongo.MongoClient(self.stack.mongodb, tz_aware=True)[service]

    def settings(self) -> ServiceSettings:
        """Settings good enough to ask the broker."""
        return service_settings("gateway", self.stack.mongodb, self.stack.kafka)

    async def topics(self) -> dict[str, list[bytes]]:
        """Every record of every topic, dead letters included."""
        async with Cluster(self.settings())._admin() as admin:
            names = sorted(await admin.list_topics())
        return {name: [value async for value in raw_history(self.settings(), [name])] for name in names}

    async def events(self, person_id: str) -> list[dict[str, Any]]:
        """Every event on the topics about one person, repeats included."""
        records = [value for values in (await self.topics()).values() for value in values]
        about = [value for value in records if person_id.encode() in value and value.startswith(b"{")]
        return [event for event in map(json.loads, about) if event.get("partitionkey") == person_id]

    def logs(self) -> str:
        """Everything that any process of the stack wrote to its log."""
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.data / "logs").iterdir()))

    def arm(self, service: str, point: str, action: str = "kill") -> Path:
        """Make a service do `action` when it next reaches a boundary; the file is gone once it has."""
        armed = self.data / "failpoints" / f"{service}.{point}"
        armed.write_text(action)
        return armed

    async def trace(self, trace_id: str) -> dict[str, Any]:
        """A trace as Jaeger's API answers it."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.stack.traces}/api/traces/{trace_id}") as response,
        ):
            found = (await response.json())["data"] if response.status == 200 else []
            return dict(found[0]) if found else {}

    @contextmanager
    def frozen(self, *services: str) -> Iterator[None]:
        """Services that hold their ports and answer nothing, which is worse than being gone."""
        pids = [self.stack.services[service].pid for service in services]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def run(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A service's own command, with the environment that its process has."""
        return run(self.data, service, arguments)

    async def back(self, service: str) -> None:
        """Wait until a service that was killed answers again in another process."""
        before = self.stack.services[service]
        await restarted(self.data, service, before, 30)


@contextmanager
def running_world(data: Path, **options: Any) -> Iterator[World]:
    """A stack of the test's own, stopped with the block."""
    with ExitStack() as ended:
        if APACHE:
            options["kafka"] = ended.enter_context(broker(data / "kafka"))
        stack = start(Options(data, port_base=free_base(), **options))
        ended.callback(stop, data)
        yield World(stack, data.resolve())
