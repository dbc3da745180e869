"""`make bench`: every figure beside a reference of the same run, medians of 5; prints a table, writes bench.json."""

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.infra import Parts, broker, mongodb
from tests.performance import carrying, hashing, home, mails, publishing, reimbursing
from tests.world import World, running_world

Figures = dict[str, Mapping[str, Any]]
RESULT = Path(__file__).parents[2] / "bench.json"


async def of_the_chassis(parts: Parts) -> Figures:
    """What needs a database and a broker alone."""
    return {"commit to consumer": await carrying.measure(parts), "relay": await publishing.measure(parts)}


async def of_the_stack(world: World, folder: Path) -> Figures:
    """What needs all services."""
    return {
        "home page": await home.measure(world, folder),
        "reimbursement": await reimbursing.measure(world),
        "command to mail": await mails.measure(world),
    }


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": model[0].partition(":")[2].strip() if model else platform.processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def main() -> int:
    """Measure on a stack of its own; 1 when a figure misses its bar."""
    figures: Figures = {"code check": asyncio.run(hashing.measure())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mongodb(folder) as database, broker(folder / "broker") as kafka:
            figures |= asyncio.run(of_the_chassis(Parts(database, kafka)))
        with running_world(folder / "stack") as world:
            figures |= asyncio.run(of_the_stack(world, folder))
    RESULT.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=2, ensure_ascii=False) + "\n")
    print(f"{'what':<20} {'figure':<52} {'bar':<34} met")
    for name, figure in figures.items():
        print(f"{name:<20} {figure['text']:<52} {figure['bar']:<34} {'yes' if figure['met'] else 'NO'}")
    return 0 if all(figure["met"] for figure in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
