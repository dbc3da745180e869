"""The settings of the one node, and the formatting of its folder."""

import base64
import subprocess
import uuid
from pathlib import Path

from deploy.kafka.java import BrokerError

PROPERTIES = "server.properties"
# Paths are relative to the folder of the node: Kafka reads this file as Latin-1 and splits paths at commas.
LOG_DIR = "topics"

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={log_dir}

# A killed broker may come back once its old session is over: 9 s by default, 2 s here.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500

# One node: what Kafka keeps for itself has one copy.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0

auto.create.topics.enable=false
message.max.bytes=262144
log.retention.hours=168
"""


def prepare(folder: Path, java: list[str], port: int, controller_port: int) -> Path:
    """Writes the settings, formats the folder if it never was, and returns the file of settings."""
    properties = folder / PROPERTIES
    properties.write_text(SETTINGS.format(port=port, controller_port=controller_port, log_dir=LOG_DIR))
    if not (folder / LOG_DIR / "meta.properties").exists():
        _format(folder, java)
    return properties


def _format(folder: Path, java: list[str]) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With an equals sign, because one identifier in sixty-four begins with a dash.
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", PROPERTIES]
    log = folder / "format.log"
    try:
        with log.open("wb") as output:
            subprocess.run(command, cwd=folder, stdout=output, stderr=output, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BrokerError(f"Kafka n'a pas pu préparer son dossier, le détail est dans {log}.") from error
