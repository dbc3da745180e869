"""What each process of the embedded stack finds in its environment. Services know no more of it than this."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded.france_connect.grants import Client
from deploy.embedded.france_connect.registered import client_of
from deploy.embedded.keys import Keys
from deploy.embedded.ports import HOST, SERVICES, Ports

PARTITIONS = 3
# On a laptop everybody calls from one network.
LIMITS = {
    "POST /accounts": {"network": "1000/300"},
    "POST /code-resets": {"network": "1000/300"},
    "POST /sessions": {"network": "1000/300", "ceiling": "off"},
}
SENDER = "Compte <ne-pas-repondre@exemple.invalid>"


def of_any_process() -> dict[str, str]:
    """Ours, without buffering of output, and never a proxy between two processes of this machine."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), HOST, "localhost"]))
    return {**os.environ, "PYTHONUNBUFFERED": "1", "NO_PROXY": direct, "no_proxy": direct}


def of_service(
    name: str,
    *,
    ports: Ports,
    keys: Keys,
    data: Path,
    mongodb_url: str,
    kafka: str,
    idempotence: bool,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The settings of one service, as <SERVICE>_<NAME>; `extra` names have the last word."""
    own = keys.services[name]
    settings = {
        "HOST": HOST,
        "PORT": str(ports[name]),
        "MONGODB_URL": mongodb_url,
        "DATABASE": name,
        "KAFKA_URL": kafka,
        "KAFKA_IDEMPOTENCE": str(idempotence).lower(),
        "KAFKA_PARTITIONS": str(PARTITIONS),
        # One process a service: each of its commits wakes the relay.
        "WATCH_OUTBOX": "false",
        "RELAY_POLL": "PT1S",
        # SecantusDB runs transactions one behind the other: more at once mostly wait for each other.
        "CONSUME_AT_ONCE": "2",
        "OTLP_URL": ports.url("traces"),
        "FAILPOINTS": str(data / "failpoints"),
        "INTERNAL_JWKS": keys.internal_jwks,
        "SEALING_JWKS": keys.sealing_jwks,
        "SEALING_KEY": json.dumps(own.sealing_key),
        "FIELD_KEY": own.field_key,
        "INDEX_KEY": own.index_key,
        **_particular(name, ports, keys, data),
    }
    return {**{f"{name.upper()}_{key}": value for key, value in settings.items()}, **extra}


def _franceconnect(ports: Ports, client: Client) -> dict[str, str]:
    return {
        "FRANCECONNECT_ISSUER": ports.url("idp"),
        "FRANCECONNECT_CLIENT_ID": client.id,
        "FRANCECONNECT_CLIENT_SECRET": client.secret,
        "FRANCECONNECT_REDIRECT_URI": f"{ports.site}/api/v1/franceconnect/callback",
        "FRANCECONNECT_POST_LOGOUT_REDIRECT_URI": f"{ports.site}/connexion",
    }


def _particular(name: str, ports: Ports, keys: Keys, data: Path) -> dict[str, str]:
    match name:
        case "gateway":
            upstreams = {service: ports.url(service) for service in SERVICES if service != "gateway"}
            return {
                "INTERNAL_KEY": json.dumps(keys.internal_key),
                "UPSTREAMS": json.dumps(upstreams),
                "LIMITS": json.dumps(LIMITS),
                "PUBLIC_URL": ports.site,
                "OTHER_ORIGINS": json.dumps([ports.url("gateway")]),
            }
        case "identity":
            return {
                "SIGNING_KEY": json.dumps(keys.signing_key),
                "PEPPER": keys.pepper,
                "FREEZE_JWKS": keys.freeze_jwks,
                "PUBLIC_URL": ports.site,
                **_franceconnect(ports, client_of(data)),
            }
        case "notifications":
            return {
                "SMTP_URL": f"smtp://{ports.address('smtp')}",
                "SENDER": SENDER,
                "FREEZE_KEY": json.dumps(keys.freeze_key),
                "MAIL_REPORT_KEY": keys.mail_report_key,
                "PUBLIC_URL": ports.site,
            }
        case _:
            return {}
