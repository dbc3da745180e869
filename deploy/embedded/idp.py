"""The embedded identity provider that plays FranceConnect, as its stack and its tests see it."""

import json
import sys
from collections.abc import Mapping
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
    """The provider, with the demo's people and those of `idp.json`; it knows one client (`registered`)."""
    address = ports.url("idp")
    command = [
        *(sys.executable, "-m", "deploy.embedded.france_connect"),
        *("--data", str(data), "--host", HOST, "--port", str(ports["idp"])),
    ]
    return Program("idp", address, lambda: command, lambda: probes.answers("idp", address))


async def remember(data: Path, address: str, *people: Claims) -> None:
    """Let these people (each with a `sub`) sign in, now and after the provider's next start."""
    known = {claims["sub"]: claims for claims in remembered(data)}
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        for claims in people:
            known[claims["sub"]] = claims
            await session.put(f"{address}/users/{quote(claims['sub'])}", json=claims)
    draft = data / f"{FILE}.tmp"
    draft.write_text(json.dumps(list(known.values())))
    draft.replace(data / FILE)


def remembered(data: Path) -> list[Claims]:
    """The people of this folder beside the demo's."""
    path = data / FILE
    kept: list[Claims] = json.loads(path.read_text()) if path.exists() else []
    return kept


async def sign_in(session: aiohttp.ClientSession, authorization_url: str, sub: str) -> str:
    """Where the browser is sent once this person chose themselves; for one who is not known, as if they gave up."""
    async with session.post(authorization_url, data={"sub": sub}, allow_redirects=False) as answered:
        answered.raise_for_status()
        return answered.headers["Location"]


async def fault(session: aiohttp.ClientSession, address: str, name: str | None, **more: float) -> None:
    """Make the provider wrong in this way until told otherwise; None ends it."""
    body: Mapping[str, Any] = {"name": name, **more}
    async with session.put(f"{address}/faults", json=body) as answered:
        answered.raise_for_status()
