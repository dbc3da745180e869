"""The embedded database: SecantusDB, a server that speaks MongoDB's protocol on WiredTiger."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.embedded import probes
from deploy.embedded.ports import HOST, Ports
from deploy.embedded.processes import Program

CACHE = "64M"
RELEASE_MS = 2000
WAKE_AFTER = 0.2


def url(ports: Ports) -> str:
    """Where clients connect. One server and no other to look for, so they are told not to look."""
    return f"mongodb://{ports.address('database')}/?directConnection=true"


def program(ports: Ports, data: Path, *, sync_on_commit: bool) -> Program:
    """The database, on the folder `mongodb`; what it acknowledged is there after a kill."""
    # Named, even though empty: otherwise the server takes a file it finds in the home folder.
    settings = data / "secantusd.toml"
    settings.touch()
    command = [
        *(sys.executable, "-m", "secantus", "--config", str(settings)),
        *("--host", HOST, "--port", str(ports["database"])),
        *("--storage-path", str(data / "mongodb"), "--cache-size", CACHE, "--log-level", "WARNING"),
        *["--sync-on-commit"] * sync_on_commit,
    ]
    address = url(ports)
    return Program(
        "database",
        address,
        lambda: command,
        lambda: probes.answers("database", address),
        after_term=lambda: _wake(ports["database"]),
    )


async def _wake(port: int) -> None:
    # Asked to end, the server waits two seconds for its accept(), which only a connection brings back.
    # One that comes before it noticed the request makes it miss the request, hence the pause.
    await asyncio.sleep(WAKE_AFTER)
    with suppress(OSError):
        _, writer = await asyncio.open_connection(HOST, port)
        writer.close()


async def release_locks(address: str, milliseconds: int = RELEASE_MS) -> None:
    """Abort the transactions that are open now; their owners, if alive, run them again.

    A client that was killed inside a transaction would otherwise hold its documents for a minute.
    """
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(address, timeoutMS=milliseconds)
    with suppress(PyMongoError):
        await client.admin.command({"killAllSessions": []})
    await client.close()
