"""Starts, stops and kills the one node of a folder; what it acknowledged is there again at the next start."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.kafka import java, process, settings
from deploy.kafka.java import BrokerError

START_SECONDS = 60.0
STOP_SECONDS = 20.0
KILL_SECONDS = 10.0

OPTIONS = [
    "-Xmx512m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
]


@dataclass(frozen=True)
class Broker:
    """A broker that answers: where, and as which process."""

    address: str
    pid: int


@dataclass(frozen=True)
class _Folder:
    path: Path

    @property
    def log(self) -> Path:
        return self.path / "kafka.log"

    @property
    def ready(self) -> Path:
        """Present while the broker answers: its address and its process."""
        return self.path / "kafka.json"

    @property
    def pid(self) -> Path:
        """Present from the first moment of the process, so that a start that was cut short can be stopped."""
        return self.path / "kafka.pid"

    @property
    def mark(self) -> str:
        return str(self.path / settings.PROPERTIES)

    def running(self) -> int | None:
        try:
            pid = int(self.pid.read_text())
        except (OSError, ValueError):
            return None
        return pid if process.is_alive(pid, self.mark) else None

    def forget(self) -> None:
        self.ready.unlink(missing_ok=True)
        self.pid.unlink(missing_ok=True)


@contextlib.contextmanager
def kafka(
    data: Path, port: int, controller_port: int | None = None, guard: settings.Guard | None = None
) -> Iterator[str]:
    """Gives the address of a broker that answers, and stops it at the end, whoever restarted it meanwhile."""
    broker = start(data, port, controller_port, guard)
    try:
        yield broker.address
    finally:
        stop(data)


def start(data: Path, port: int, controller_port: int | None = None, guard: settings.Guard | None = None) -> Broker:
    """Returns once a client gets metadata from the broker, or raises BrokerError and leaves no process."""
    folder = _Folder(data.resolve())
    controller_port = controller_port or port + 1
    runtime = [java.java(), *OPTIONS, "-cp", java.classpath()]
    folder.path.mkdir(parents=True, exist_ok=True)
    pid = folder.running()
    if pid is not None:
        raise BrokerError(f"Kafka tourne déjà sur le dossier {folder.path} (processus {pid}).")
    folder.forget()
    _refuse_taken(port, controller_port, *([guard.port] if guard else []))
    properties = settings.prepare(folder.path, runtime, port, controller_port, guard)
    child = process.spawn([*runtime, "kafka.Kafka", str(properties)], folder.path, folder.log)
    try:
        folder.pid.write_text(str(child.pid))
        _wait(child, port, folder.log)
        return _announce(folder, Broker(f"127.0.0.1:{port}", child.pid))
    except BaseException:
        process.end(child.pid, folder.mark, signal.SIGKILL, KILL_SECONDS)
        folder.forget()
        raise


def stop(data: Path) -> bool:
    """Ends the broker of this folder, gently then by force; False if none was running."""
    folder = _Folder(data.resolve())
    pid = folder.running()
    if pid is not None and not process.end(pid, folder.mark, signal.SIGTERM, STOP_SECONDS):
        kill(data)
    folder.forget()
    return pid is not None


def kill(data: Path) -> None:
    """Ends the broker of this folder by kill -9 (a power cut would also lose what the disk does not have yet)."""
    folder = _Folder(data.resolve())
    pid = folder.running()
    if pid is not None and not process.end(pid, folder.mark, signal.SIGKILL, KILL_SECONDS):
        raise BrokerError(f"Le processus {pid} de Kafka ne s'arrête pas.")


def is_running(data: Path) -> bool:
    """Says whether the broker of this folder lives."""
    return _Folder(data.resolve()).running() is not None


def log_of(data: Path) -> Path:
    """Returns the file where the broker of this folder writes what happens to it."""
    return _Folder(data.resolve()).log


def _refuse_taken(*ports: int) -> None:
    with contextlib.ExitStack() as probes:
        for port in ports:
            probe = probes.enter_context(socket.socket())
            # As Kafka does: a connection that is only closing does not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except (OSError, OverflowError) as error:
                raise BrokerError(f"Le port {port} est déjà pris ou interdit.") from error


def _announce(folder: _Folder, broker: Broker) -> Broker:
    written = folder.ready.with_suffix(".tmp")
    written.write_text(json.dumps({"kafka": broker.address, "pid": broker.pid}) + "\n")
    written.replace(folder.ready)
    return broker


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    # In a thread of its own, because the caller may be inside an event loop.
    with ThreadPoolExecutor(1) as thread:
        while not (_listens(port) and thread.submit(asyncio.run, _has_metadata(port)).result()):
            if child.poll() is not None:
                raise BrokerError(f"Kafka s'est arrêté pendant son démarrage, le détail est dans {log}.")
            if time.monotonic() > until:
                raise BrokerError(f"Kafka ne répond pas en {START_SECONDS:.0f} s, le détail est dans {log}.")
            time.sleep(0.1)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        # Connecting to a free port may meet itself; that is not Kafka.
        return bool(connection.getsockname() != connection.getpeername())
    return False


async def _has_metadata(port: int) -> bool:
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=5000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
