"""The home page against a bare FastAPI route that does one Motor find_one of the same bytes."""

import os
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pymongo

from deploy.demo.people import somebody_new
from deploy.embedded.processes import ROOT
from tests.infra import free_port, running
from tests.performance.load import requests_per_second
from tests.world import World

ROUNDS, SECONDS = 5, 4.0


async def measure(world: World, folder: Path) -> Mapping[str, Any]:
    """Requests a second of both, in turns, and the median of their ratios."""
    person = somebody_new()
    async with world.insured(person, app=True) as insured:
        journey = world.journey(person, insured)
        await journey.walk()
        body = orjson.dumps(await insured.home())
        token = {"Authorization": f"Bearer {insured.token}"}
    gateway = urlsplit(world.stack.gateway)
    assert gateway.hostname
    assert gateway.port
    ours, theirs = [], []
    with reference(world, folder, body) as port:
        for _ in range(ROUNDS):
            theirs.append(await requests_per_second("127.0.0.1", port, "/home", {}, seconds=SECONDS))
            ours.append(
                await requests_per_second(gateway.hostname, gateway.port, "/api/v1/home", token, seconds=SECONDS)
            )
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return {
        "text": f"{ratio:.0%} of a bare route ({statistics.median(ours):.0f}/s, {len(body)} bytes)",
        "bar": "≥ 70 % of the bare route's requests/s",
        "met": ratio >= 0.7,
        "ratio": round(ratio, 3),
        "requests_per_second": round(statistics.median(ours)),
        "reference_per_second": round(statistics.median(theirs)),
    }


@contextmanager
def reference(world: World, folder: Path, body: bytes) -> Iterator[int]:
    """The bare route on a port of its own, serving these bytes from the same database server."""
    port = free_port()
    collection: Any = pymongo.MongoClient(world.stack.mongodb)["reference"]["home"]
    collection.replace_one({"_id": "person"}, {"_id": "person", "body": body}, upsert=True)
    os.environ |= {"REFERENCE_PORT": str(port), "REFERENCE_MONGODB": world.stack.mongodb}
    os.environ["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "chassis.server", "tests.performance.reference:app"]
    with running(command, folder / "reference.log", port):
        yield port
