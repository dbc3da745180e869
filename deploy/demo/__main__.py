"""`make demo`: walks the journey as a client of the running stack, or of one started for it."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from uuid import uuid4

from deploy.demo.client import Insured, NotSeen
from deploy.demo.journey import Journey
from deploy.demo.people import settlements, somebody_new
from deploy.demo.upstream import import_register, publish_settlements
from deploy.embedded.errors import CannotStart
from deploy.embedded.stack import Options, Stack, start, stop

AMOUNTS_OF_P1 = [1600, 1599, 1900]


async def walk(stack: Stack, data: Path) -> None:
    """One journey of a person nobody knew before. Raises NotSeen."""
    person = somebody_new()
    await import_register(data, [person.line()])
    async with Insured(stack.gateway, stack.mailbox, f"camille-{uuid4().hex[:8]}@exemple.invalid") as insured:
        journey = Journey(
            person,
            insured,
            lambda: publish_settlements(stack.kafka, settlements("P1", person.person_id)),
            AMOUNTS_OF_P1,
            tell=_tell,
        )
        await journey.walk()
    print(f"\nTraces : {stack.traces} — courriels : {stack.mailbox}")


def _tell(step: str, seconds: float, trace: str) -> None:
    print(f"  ✓ {step:<52} {seconds * 1000:8.0f} ms   {trace}", flush=True)


def main() -> int:
    """0 only when every step was seen through the public API and the mailbox."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".stack"), help="dossier de la pile")
    data = parser.parse_args().data.resolve()
    started = None
    try:
        stack = _running(data)
        if stack is None:
            print("Aucune pile ne tourne : démarrage d'une pile pour la démonstration…")
            stack = started = start(Options(data))
        begun = time.perf_counter()
        asyncio.run(walk(stack, data))
        print(f"Parcours complet en {time.perf_counter() - begun:.1f} s.")
    except (NotSeen, CannotStart, RuntimeError) as failure:
        print(f"Échec : {failure}", file=sys.stderr)
        return 1
    finally:
        if started is not None:
            stop(data)
    return 0


def _running(data: Path) -> Stack | None:
    try:
        stack = Stack.load(data)
    except FileNotFoundError:
        return None
    return stack if stack.supervisor.alive else None


if __name__ == "__main__":
    sys.exit(main())
