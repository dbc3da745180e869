"""Starts the parts, then the services, keeps each alive, and ends all of them together."""

import asyncio
import os
import sys
import time
from collections.abc import Iterable

from deploy.embedded import broker, database, environment, idp, preflight, probes, stack
from deploy.embedded.errors import CannotStart
from deploy.embedded.keys import Keys, keys_of
from deploy.embedded.ports import HOST, SERVICES, Ports
from deploy.embedded.processes import Child, Program, birth_of
from deploy.embedded.stack import FolderLock, Options, Running, Stack

GRACE = 10.0


class Supervisor:
    """One stack, alive from `start` to `stop`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._data = options.data
        self._ports = Ports(options.port_base)
        self._database_url = database.url(self._ports)
        self._kafka = options.kafka or self._ports.address("broker")
        self._lock = FolderLock(self._data)
        self._parts: list[Child] = []
        self._services: list[Child] = []
        self._ready = False

    async def start(self) -> Stack:
        """Start everything and return once it answers. Raises `CannotStart`; call `stop` in any case."""
        self._take_folder()
        await preflight.check(self._options)
        for folder in ("logs", "failpoints", "mongodb", "mailbox"):
            (self._data / folder).mkdir(exist_ok=True)
        self._save()
        deadline = time.monotonic() + self._options.seconds
        await self._start(self._parts, self._part_programs(), deadline)
        if not self._options.only_parts:
            await self._start(self._services, self._service_programs(), deadline)
        self._ready = True
        return self._save()

    async def stop(self) -> None:
        """End the services, then what they stand on; nothing is left running."""
        for children in (self._services, self._parts):
            await asyncio.gather(*(child.stop(GRACE) for child in reversed(children)))
        if self._lock.held:
            (self._data / stack.FILE).unlink(missing_ok=True)
            self._lock.release()

    def _take_folder(self) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            taken = self._lock.take()
        except OSError as error:
            raise CannotStart(f"Le dossier {self._data} n’est pas utilisable : {error.strerror}.") from None
        if not taken:
            raise CannotStart(f"Une pile tourne déjà dans {self._data} : arrêtez-la avec « down ».")
        stack.end_orphans(self._data)

    async def _start(self, children: list[Child], programs: Iterable[Program], deadline: float) -> None:
        for program in programs:
            children.append(Child(program, self._data / "logs", self._save))
        seconds = max(0.0, deadline - time.monotonic())
        try:
            async with asyncio.TaskGroup() as waiting:
                for child in children:
                    waiting.create_task(child.until_ready(seconds))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def _part_programs(self) -> list[Program]:
        programs = [] if self._options.kafka else [broker.program(self._ports)]
        return [
            *programs,
            database.program(self._ports, self._data, sync_on_commit=self._options.sync_on_commit),
            self._own("mailbox", "--smtp", str(self._ports["smtp"])),
            self._own("traces"),
            idp.program(self._ports, self._data),
        ]

    def _own(self, name: str, *more: str) -> Program:
        address = self._ports.url(name)
        command = [
            *(sys.executable, "-m", f"deploy.embedded.{name}", "--data", str(self._data)),
            *("--host", HOST, "--port", str(self._ports[name]), *more),
        ]
        return Program(name, address, lambda: command, lambda: probes.answers(name, address))

    def _service_programs(self) -> list[Program]:
        keys = keys_of(self._data)
        return [self._service(name, keys) for name in SERVICES]

    def _service(self, name: str, keys: Keys) -> Program:
        address = self._ports.url(name)
        settings = environment.of_service(
            name,
            ports=self._ports,
            keys=keys,
            data=self._data,
            mongodb_url=self._database_url,
            kafka=self._kafka,
            idempotence=self._options.kafka is not None,
            extra=self._options.environment,
        )
        return Program(
            name,
            address,
            lambda: [sys.executable, "-m", "chassis.server", f"services.{name}.main:app"],
            lambda: probes.answers(name, address),
            {**environment.of_any_process(), **settings},
            lambda: database.release_locks(self._database_url),
        )

    def _save(self) -> Stack:
        described = Stack(
            gateway=self._ports.url("gateway"),
            mailbox=self._ports.url("mailbox"),
            smtp=self._ports.address("smtp"),
            traces=self._ports.url("traces"),
            idp=self._ports.url("idp"),
            kafka=self._kafka,
            mongodb=self._database_url,
            supervisor=Running("", os.getpid(), birth_of(os.getpid())),
            parts=_running(self._parts),
            services=_running(self._services),
            ready=self._ready,
        )
        described.save(self._data)
        return described


def _running(children: list[Child]) -> dict[str, Running]:
    return {
        child.program.name: Running(child.program.url, child.pid, birth_of(child.pid))
        for child in children
        if child.pid
    }
