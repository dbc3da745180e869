"""The settings of the one node, and the formatting of its folder."""

import base64
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
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


# Whoever comes by the open port administers; it is for this machine alone. By the guarded one, each is who they
# prove to be, and may do what deploy.kafka.access allows them.
GUARDED = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
listener.name.guarded.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.guarded.plain.sasl.jaas.config={login} {users};
listener.name.guarded.scram-sha-512.sasl.jaas.config={scram};
"""
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"


@dataclass(frozen=True)
class Guard:
    """A second port where users (name -> password, letters and digits) prove who they are."""

    port: int
    users: Mapping[str, str]

    def settings(self, known: str) -> str:
        """The settings of a node with this port beside the open one."""
        listener = f"GUARDED://127.0.0.1:{self.port},"
        for name in ("\nlisteners=", "\nadvertised.listeners="):
            known = known.replace(name, name + listener)
        known = known.replace("protocol.map=", "protocol.map=GUARDED:SASL_PLAINTEXT,")
        users = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        return known + GUARDED.format(login=LOGIN, users=users, scram=SCRAM)


def prepare(folder: Path, java: list[str], port: int, controller_port: int, guard: Guard | None = None) -> Path:
    """Writes the settings, formats the folder if it never was, and returns the file of settings."""
    properties = folder / PROPERTIES
    settings = SETTINGS.format(port=port, controller_port=controller_port, log_dir=LOG_DIR)
    properties.touch(mode=0o600)
    properties.write_text(guard.settings(settings) if guard else settings)
    if not (folder / LOG_DIR / "meta.properties").exists():
        _format(folder, java, guard.users if guard else {})
    return properties


def _format(folder: Path, java: list[str], users: Mapping[str, str]) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With an equals sign, because one identifier in sixty-four begins with a dash.
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", PROPERTIES]
    for name, password in users.items():
        command += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
    log = folder / "format.log"
    try:
        with log.open("wb") as output:
            subprocess.run(command, cwd=folder, stdout=output, stderr=output, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BrokerError(f"Kafka n'a pas pu préparer son dossier, le détail est dans {log}.") from error
