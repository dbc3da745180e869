"""HAProxy with deploy/edge/haproxy.cfg as an operator starts it, and what may stand behind it."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chassis import clock
from tests import infra

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "deploy" / "edge" / "haproxy.cfg"
CONNECTIONS_PER_SOURCE = 50
SITE = "https://compte.exemple.invalid"
CREATIONS = 3
TAKES_ITS_TIME = 12.0  # longer than the proxy waits for a caller who is silent


def program() -> str:
    """Where HAProxy is; Debian puts it where not everybody looks."""
    found = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "HAProxy is missing: apt-get install haproxy"
    return found


def command(*options: str, **environment: str) -> list[str]:
    """HAProxy on exactly our file, with this environment and nothing of ours."""
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), program(), *options, str(CONFIG)]


def checked(**environment: str) -> subprocess.CompletedProcess[str]:
    """What HAProxy says of the file without starting."""
    return subprocess.run(
        command("-c", "-V", "-f", **environment), capture_output=True, text=True, timeout=10, check=False
    )


@contextmanager
def proxy(folder: Path, gateway: int, options: str = "") -> Iterator[int]:
    """The port of a proxy before that port; `options` are those of the address that it binds."""
    port = infra.free_port()
    environment = {
        "PUBLIC": f"127.0.0.1:{port} {options}".strip(),
        "GATEWAY": f"127.0.0.1:{gateway}",
        "CONNECTIONS_PER_SOURCE": str(CONNECTIONS_PER_SOURCE),
    }
    with infra.running(command("-f", **environment), folder / f"haproxy-{port}.log", port):
        yield port


def certificate(folder: Path) -> Path:
    """A certificate of one day that nobody else signed, with its key in the same file, as HAProxy wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    draft = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    today = clock.now()
    signed = draft.not_valid_before(today).not_valid_after(today + timedelta(days=1)).sign(key, SHA256())
    file = folder / "compte.pem"
    file.write_bytes(
        signed.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file


@contextmanager
def gateway(folder: Path, mongodb_url: str, kafka_url: str) -> Iterator[int]:
    """The port of a real gateway that believes the proxy; the services behind it are away."""
    port = infra.free_port()
    settings = {
        **infra.secret_settings()["gateway"],
        "port": port,
        "mongodb_url": mongodb_url,
        "database": f"gateway-{uuid4().hex[:12]}",
        "kafka_url": kafka_url,
        "kafka_idempotence": "false",
        "kafka_partitions": 1,
        "upstreams": json.dumps(dict.fromkeys(infra.SERVICES, "http://127.0.0.1:1")),
        "public_url": SITE,
        "trusted_proxies": '["127.0.0.1/32"]',
        "limits": json.dumps({"POST /accounts": {"network": f"{CREATIONS}/3600"}}),
    }
    environment = [f"PYTHONPATH={ROOT}", *(f"GATEWAY_{name.upper()}={value}" for name, value in settings.items())]
    served = ["env", *environment, sys.executable, "-m", "chassis.server", "services.gateway.main:app"]
    with infra.running(served, folder / "gateway.log", port):
        yield port


@contextmanager
def black_hole() -> Iterator[int]:
    """A port from which nothing is heard, as of a machine that is gone: its queue of connections is full."""
    with ExitStack() as open_, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = open_.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        yield int(deaf.getsockname()[1])


@asynccontextmanager
async def echo(port: int) -> AsyncIterator[None]:
    """A server that is ready, and answers with the headers that reached it and the port that they came from.

    It takes `TAKES_ITS_TIME` to answer what is asked at /late.
    """

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/late":
            await asyncio.sleep(TAKES_ITS_TIME)
        headers = [[name.lower(), value] for name, value in request.headers.items()]
        _, came_from = request.transport.get_extra_info("peername") if request.transport else (None, None)
        return web.json_response({"headers": headers, "from": came_from})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield
    finally:
        await runner.cleanup()
