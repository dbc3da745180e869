"""A service's own commands, run beside its process with the same settings: `run` and `replay`."""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from chassis.mongo import Database
from chassis.redelivery import replay_dead
from deploy.embedded import environment
from deploy.embedded.keys import keys_of
from deploy.embedded.ports import SERVICES, Ports
from deploy.embedded.processes import ROOT
from deploy.embedded.stack import Stack


def service_environment(data: Path, name: str) -> dict[str, str]:
    """What a service of this stack finds in its environment. Raises FileNotFoundError when no stack was started."""
    stack = Stack.load(data)
    ports = Ports(urlsplit(stack.gateway).port or 0)
    settings = environment.of_service(
        name,
        ports=ports,
        keys=keys_of(data),
        data=data,
        mongodb_url=stack.mongodb,
        kafka=stack.kafka,
        idempotence=stack.kafka != ports.address("broker"),
        extra={},
    )
    return {**environment.of_any_process(), **settings}


def run(data: Path, name: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """`python -m services.<name>.main <arguments>` with that environment; its output is in the result."""
    command = [sys.executable, "-m", f"services.{name}.main", *arguments]
    environment_ = service_environment(data, name)
    return subprocess.run(command, cwd=ROOT, env=environment_, capture_output=True, text=True, check=False)


async def replay(data: Path, name: str) -> int:
    """Bring back the dead events of a service; how many."""
    found = service_environment(data, name)
    url, own = found[f"{name.upper()}_MONGODB_URL"], found[f"{name.upper()}_DATABASE"]
    database = Database(url, own, driver="motor", deadline=timedelta(seconds=10))
    try:
        return await replay_dead(database)
    finally:
        await database.close()


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded.commands", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".stack"), help="dossier de la pile")
    parser.add_argument("command", choices=("run", "replay"))
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    try:
        if chosen.command == "replay":
            print(f"{asyncio.run(replay(chosen.data.resolve(), chosen.service))} événement(s) repris.")
            return 0
        done = run(chosen.data.resolve(), chosen.service, chosen.arguments)
    except FileNotFoundError:
        print(f"Aucune pile dans {chosen.data} : lancez make up.", file=sys.stderr)
        return 1
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
