"""Runs one application in one process: `python -m chassis.server services.identity.main:app`."""

import asyncio
import signal
import sys
from importlib import import_module
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

# From the first moment of a connection, and from the end of each answer: so it ends slow heads and idle sockets alike.
HEADERS_IN_TIME_MS = 10_000
ENOUGH = 2


async def serve(app: Any, host: str, port: int, *, headers_in_time_ms: int = HEADERS_IN_TIME_MS) -> None:
    """Serve until SIGTERM or SIGINT, then let the application stop in order."""
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        # Where HTTP/2 is possible too, a client that never sends a byte is waited for without end.
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=headers_in_time_ms),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, server.stop)
    await server.serve()


def main(arguments: list[str]) -> int:
    """Import the named application and serve it where its settings say."""
    if len(arguments) != ENOUGH:
        sys.stderr.write("usage: python -m chassis.server MODULE:APPLICATION\n")
        return 2
    module, _, name = arguments[1].partition(":")
    app = getattr(import_module(module), name or "app")
    settings = app.state.service.settings
    asyncio.run(serve(app, settings.host, settings.port))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
