"""Finds Java, and the jars of Kafka, which Maven copies once per version of pom.xml."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
LIBS = HERE / "libs"
OLDEST_JAVA = 17
MAVEN_SECONDS = 900


class BrokerError(Exception):
    """Kafka cannot run here; the message is one French sentence to show as it is."""


def java() -> str:
    """Returns a Java that is recent enough for Kafka, or says which one is missing."""
    command = _java_command()
    if command is None:
        raise BrokerError(f"Apache Kafka a besoin de Java {OLDEST_JAVA} ou plus récent, et « java » est introuvable.")
    version = _java_version(command)
    if version < OLDEST_JAVA:
        raise BrokerError(
            f"Apache Kafka a besoin de Java {OLDEST_JAVA} ou plus récent, et {command} est un Java {version}."
        )
    return command


def _java_command() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return (shutil.which("java", path=f"{home}/bin") if home else None) or shutil.which("java")


def _java_version(command: str) -> int:
    try:
        asked = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BrokerError(f"« {command} -version » ne répond pas, Java semble mal installé.") from error
    found = re.search(r'version "(\d+)', asked.stderr + asked.stdout)
    return int(found[1]) if found else 0


def classpath() -> str:
    """Returns the class path of Kafka, after resolving its jars if this pom.xml never was."""
    # One folder per pom.xml: a broker that runs still loads classes from the jars of its own version.
    jars = LIBS / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not jars.is_dir():
        _resolve(jars)
    return f"{jars}/*"


def _resolve(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerError("Maven est nécessaire pour réunir Apache Kafka, et « mvn » est introuvable.")
    LIBS.mkdir(exist_ok=True)
    # Copied aside, then renamed: an interrupted download never passes for a complete folder.
    with tempfile.TemporaryDirectory(dir=LIBS, ignore_cleanup_errors=True) as aside:
        _copy_dependencies(maven, Path(aside, "jars"))
        with contextlib.suppress(OSError):
            Path(aside, "jars").rename(jars)
    if not jars.is_dir():
        raise BrokerError(f"Le dossier {LIBS} n'a pas pu recevoir Apache Kafka.")


def _copy_dependencies(maven: str, target: Path) -> None:
    log = LIBS / "maven.log"
    command = [maven, "-B", "-q", "-C", "-Dstyle.color=never", "-f", str(POM), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    try:
        with log.open("wb") as output:
            subprocess.run(command, stdout=output, stderr=output, timeout=MAVEN_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BrokerError(f"Maven n'a pas pu réunir Apache Kafka, le détail est dans {log}.") from error
    if not any(target.glob("kafka_*.jar")):
        raise BrokerError(f"Maven a fini sans rendre Apache Kafka, le détail est dans {log}.")
