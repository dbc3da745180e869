"""The process of the mailbox: SMTP on one port, pages and API on another."""

import argparse
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from deploy.embedded.mailbox import api, page
from deploy.embedded.mailbox.smtp import Faults, Inbound, Ledger, listen
from deploy.embedded.mailbox.store import Store


def application(data: Path, host: str, smtp: int) -> web.Application:
    """Pages and API; while it runs, mail is taken on the SMTP port."""
    store, faults, ledger = Store(data / "mailbox"), Faults(), Ledger(data / "mailbox" / "deliveries.ndjson")

    async def taking_mail(_: web.Application) -> AsyncIterator[None]:
        server = await listen(Inbound(store, faults, ledger), host, smtp)
        yield
        server.close()

    app = web.Application()
    app[api.store_key], app[api.faults_key], app[api.ledger_key] = store, faults, ledger
    app.cleanup_ctx.append(taking_mail)
    app.add_routes([*api.routes, *page.routes])
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--smtp", type=int, required=True)
    chosen = parser.parse_args()
    web.run_app(
        application(chosen.data, chosen.host, chosen.smtp),
        host=chosen.host,
        port=chosen.port,
        shutdown_timeout=1,
        access_log=None,
        print=None,
    )
