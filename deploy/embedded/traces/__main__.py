"""The process of the traces: one HTTP port for exporters, for Jaeger's API and for the pages."""

import argparse
from pathlib import Path

from aiohttp import web

from deploy.embedded.traces import api, page
from deploy.embedded.traces.store import Store


def application(data: Path) -> web.Application:
    """Receiver, API and pages over one store."""
    app = web.Application(client_max_size=api.LARGEST)
    app[api.store_key] = Store(data)
    app.add_routes([*api.routes, *page.routes])
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    web.run_app(
        application(chosen.data),
        host=chosen.host,
        port=chosen.port,
        shutdown_timeout=1,
        access_log=None,
        print=None,
    )
