"""The process of the provider."""

import argparse
from pathlib import Path

from aiohttp import web

from deploy.demo.people import pivot_claims
from deploy.embedded.france_connect.api import application
from deploy.embedded.france_connect.people import People
from deploy.embedded.france_connect.registered import client_of
from deploy.embedded.france_connect.signing import Signer
from deploy.embedded.france_connect.state import FranceConnect
from deploy.embedded.idp import remembered

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    provider = FranceConnect(
        issuer=f"http://{chosen.host}:{chosen.port}",
        client=client_of(chosen.data),
        people=People([*pivot_claims(), *remembered(chosen.data)]),
        signer=Signer(chosen.data / "idp-keys.json"),
    )
    web.run_app(
        application(provider),
        host=chosen.host,
        port=chosen.port,
        shutdown_timeout=1,
        access_log=None,
        print=None,
    )
