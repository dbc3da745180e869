"""The embedded identity provider that plays FranceConnect."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from deploy.embedded import probes
from deploy.embedded.ports import HOST, Ports
from deploy.embedded.processes import Program

FILE = "idp.json"
Claims = dict[str, Any]


def program(ports: Ports, data: Path) -> Program:
    """The provider, with the people of `idp.json`; it accepts any client."""
    address = ports.url("idp")

    def command() -> list[str]:
        people = [f"--user-claims={json.dumps(claims)}" for claims in _people(data).values()]
        return [
            *(sys.executable, "-W", "ignore::DeprecationWarning", "-m", "oidc_provider_mock"),
            *("--host", HOST, "--port", str(ports["idp"]), *people),
        ]

    return Program("idp", address, command, lambda: probes.answers("idp", address))


async def remember(data: Path, address: str, *people: Claims) -> None:
    """Let these people (each with a `sub`) sign in, now and after the provider's next start."""
    known = _people(data)
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        for claims in people:
            known[claims["sub"]] = claims
            await session.put(f"{address}/users/{quote(claims['sub'])}", json=claims)
    draft = data / f"{FILE}.tmp"
    draft.write_text(json.dumps(list(known.values())))
    draft.replace(data / FILE)


def _people(data: Path) -> dict[str, Claims]:
    path = data / FILE
    kept: list[Claims] = json.loads(path.read_text()) if path.exists() else []
    return {claims["sub"]: claims for claims in kept}
