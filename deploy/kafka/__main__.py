"""Un Apache Kafka sur cette machine, sans Docker, pour les développeurs et les tests."""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.kafka import broker
from deploy.kafka.java import BrokerError

DATA = Path(".stack/kafka")
PORT = 9092
LAST_PORT = 65535


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit code; what went wrong is one sentence on the error output."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "start":
            _start(asked)
        elif asked.command == "stop":
            _stop(asked)
        else:
            _run(asked)
    except BrokerError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Kafka n'a pas accès à {error.filename or asked.data} : {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="start | stop | run")
    for name, purpose in (
        ("start", "démarre Kafka et rend la main dès qu'il répond"),
        ("stop", "arrête le Kafka de ce dossier"),
        ("run", "démarre Kafka et l'arrête avec Ctrl-C"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--data", type=Path, default=DATA, help=f"le dossier de Kafka ({DATA})")
        if name != "stop":
            command.add_argument("--port", type=_port, default=PORT, help=f"le port des clients ({PORT})")
            command.add_argument("--controller-port", type=_port, help="le port du contrôleur (le suivant)")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"« {text} » n'est pas un port")


def _start(asked: argparse.Namespace) -> None:
    began = time.monotonic()
    started = broker.start(asked.data, asked.port, asked.controller_port)
    print(f"Kafka répond sur {started.address} (processus {started.pid}, {time.monotonic() - began:.1f} s).")


def _stop(asked: argparse.Namespace) -> None:
    print("Kafka est arrêté." if broker.stop(asked.data) else "Kafka ne tournait pas sur ce dossier.")


def _run(asked: argparse.Namespace) -> None:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    _start(asked)
    try:
        while broker.is_running(asked.data):
            time.sleep(0.2)
    except KeyboardInterrupt:
        _stop(asked)
        return
    raise BrokerError(f"Kafka s'est arrêté de lui-même, le détail est dans {broker.log_of(asked.data)}.")


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
