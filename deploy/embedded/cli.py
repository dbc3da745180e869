"""The two commands: `up` starts a stack, `down` ends it. Exit code 1 comes with one sentence that says why."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from deploy.embedded import demo
from deploy.embedded.errors import CannotStart
from deploy.embedded.ports import DEFAULT_BASE
from deploy.embedded.stack import Options, Stack, start, stop
from deploy.embedded.supervisor import Supervisor

DEFAULT_DATA = Path(".stack")


def main() -> int:
    """Do what the command line asks."""
    chosen = _parser().parse_args()
    try:
        if chosen.command == "down":
            print("Arrêté." if stop(chosen.data) else f"Rien ne tourne dans {chosen.data}.")
            return 0
        options = _options(chosen)
        if sys.stdout.isatty():
            print("Démarrage de la pile…")
        if chosen.detach:
            return _welcome(start(options), options, chosen.demo)
        return asyncio.run(_stay(options, chosen.report, chosen.demo))
    except CannotStart as refusal:
        _tell(chosen, str(refusal))
        return 1


async def _stay(options: Options, report: int | None, with_demo: bool) -> int:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    supervisor = Supervisor(options)
    waiting = asyncio.create_task(asked.wait())
    try:
        starting = asyncio.create_task(supervisor.start())
        await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            raise CannotStart("Démarrage interrompu.")
        stack = starting.result()
        if report is not None:
            _report(report, "ready")
        else:
            showing = asyncio.create_task(asyncio.to_thread(_welcome, stack, options, with_demo))
            await asyncio.wait([showing, waiting], return_when=asyncio.FIRST_COMPLETED)
        await waiting
    finally:
        await supervisor.stop()
    return 0


def _welcome(stack: Stack, options: Options, with_demo: bool) -> int:
    print(f"""
La pile est prête (données : {options.data}).

  Compte        {"-" if options.only_parts else stack.site}
  Courriels     {stack.mailbox}
  Traces        {stack.traces}
  FranceConnect {stack.idp}
  Kafka         {stack.kafka}
  MongoDB       {stack.mongodb}
  SMTP          {stack.smtp}
""")
    if with_demo and not options.only_parts:
        demo.show(stack, options.data)
    return 0


def _tell(chosen: argparse.Namespace, sentence: str) -> None:
    if getattr(chosen, "report", None) is not None:
        _report(chosen.report, sentence)
    else:
        print(sentence, file=sys.stderr)


def _report(pipe: int, text: str) -> None:
    with os.fdopen(pipe, "w", encoding="utf-8") as report:
        report.write(text)


def _options(chosen: argparse.Namespace) -> Options:
    return Options(
        data=chosen.data.resolve(),
        port_base=chosen.port_base,
        only_parts=chosen.only_parts,
        kafka=chosen.kafka,
        sync_on_commit=chosen.sync_on_commit,
        seconds=chosen.timeout,
        environment=dict(pair.partition("=")[::2] for pair in chosen.env),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|down")
    up = commands.add_parser("up", help="démarrer la pile")
    down = commands.add_parser("down", help="arrêter la pile")
    for command in (up, down):
        command.add_argument("--data", type=Path, default=DEFAULT_DATA, help="dossier des données")
    add = up.add_argument
    add("--port-base", type=int, default=DEFAULT_BASE, help="premier port ; les dix suivants sont pris aussi")
    add("--detach", action="store_true", help="rendre la main dès que la pile est prête")
    add("--no-demo", dest="demo", action="store_false", help="sans données de démonstration")
    add("--only-parts", action="store_true", help="sans les cinq services")
    add("--kafka", default=os.environ.get("COMPTE_KAFKA"), metavar="HÔTE:PORT", help="un Apache Kafka déjà lancé")
    add("--no-sync-on-commit", dest="sync_on_commit", action="store_false", help="base plus rapide, moins sûre")
    add("--timeout", type=float, default=60.0, help="secondes accordées au démarrage")
    add("--env", action="append", default=[], metavar="NOM=VALEUR", help="variable donnée à tous les services")
    add("--report", type=int, help=argparse.SUPPRESS)
    return parser
