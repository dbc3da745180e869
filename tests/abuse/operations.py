"""Every operation of the public API, as the table of capabilities has it, with a body that each would read."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from deploy.publish.http import openapi
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX, Access, Capability

TOKEN = "t" * 40
NIR, CODE = "285032999090195", "48151623"
ASSERTION = {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"}
ATTESTATION = {"clientDataJSON": "AA", "attestationObject": "AA", "transports": ["internal"]}
# What each operation would read; what it names does not exist, so that nothing comes of it.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /accounts": {
        "nir": NIR,
        "last_name": "EXEMPLE",
        "birth_date": "1985-03-14",
        "postal_code": "29200",
        "email": "lucie@exemple.invalid",
    },
    "POST /sessions": {"nir": NIR, "code": CODE, "client_id": "android", "device_token": "x"},
    "POST /sessions/refresh": {"refresh_token": TOKEN},
    "POST /sessions/challenges/{challenge_id}": {"code": CODE, "client_id": "android"},
    "POST /sessions/passkeys/options": {},
    "POST /sessions/passkeys": {
        "ceremony_id": TOKEN,
        "credential": {"id": "AA", "rawId": "AA", "type": "public-key", "response": ASSERTION},
        "client_id": "android",
        "device_token": "x",
    },
    "POST /franceconnect/sessions": {
        "state": TOKEN,
        "ticket": TOKEN,
        "code": "c",
        "error": "e",
        "device_token": "x",
    },
    "POST /me/franceconnect": {"link_ticket": TOKEN},
    "POST /me/passkeys/options": {"current_code": CODE},
    "POST /me/passkeys": {
        "ceremony_id": TOKEN,
        "credential": {"id": "AA", "rawId": "AA", "type": "public-key", "response": ATTESTATION},
        "name": "Clé",
    },
    "DELETE /me": {"current_code": CODE},
    "PUT /me/email": {"email": "autre@exemple.invalid", "current_code": CODE},
    "POST /email-validations": {"token": TOKEN},
    "POST /account-freezes": {"token": TOKEN},
    "POST /mail-reports": {"message_id": f"<{TOKEN}@exemple.invalid>", "kind": "bounce"},
    "POST /code-resets": {"nir": NIR, "birth_date": "1985-03-14"},
    "PUT /me/code": {"new_code": CODE, "current_code": "62831853"},
    "POST /requests": {"kind": "vitale-card-order"},
}
UNSAFE = [each for each in CAPABILITIES if each.method != "GET"]
READS = [each for each in CAPABILITIES if each.method == "GET" and each.access is not Access.PUBLIC]
WITH_ID = [each for each in CAPABILITIES if "{" in each.path]


def name_of(each: Capability) -> str:
    """How an operation is named in tests."""
    return f"{each.method} {each.path}"


def named(capabilities: Iterable[Capability]) -> list[str]:
    """Their names."""
    return [name_of(each) for each in capabilities]


def body_of(each: Capability) -> dict[str, Any] | None:
    """A body that it would read, of the test's own; None where it takes none."""
    body = BODIES.get(name_of(each))
    return None if body is None else json.loads(json.dumps(body))


def filled(each: Capability, ids: Mapping[str, str]) -> str:
    """The path with these ids, and with one that nobody has where there is none."""
    return re.sub(r"{([a-z_]+)}", lambda found: ids.get(found[1], "0190a000-0000-7000-8000-0000000000ff"), each.path)


def ids_in(each: Capability) -> list[str]:
    """The names of the ids in its path."""
    return re.findall(r"{([a-z_]+)}", each.path)


@cache
def published() -> dict[str, Any]:
    """The public API as it is published; `make check` holds the published file to it."""
    return openapi()["gateway"]


def operation(each: Capability) -> dict[str, Any]:
    """What is published of an operation."""
    found: dict[str, Any] = published()["paths"][PREFIX + each.path][each.method.lower()]
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, or what it refers to."""
    found = schema
    while "$ref" in found:
        found = published()["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def query_of(each: Capability) -> str:
    """The query without which it does not answer; empty where it needs none."""
    asked = [part for part in operation(each).get("parameters", []) if part["in"] == "query" and part.get("required")]
    return "&".join(f"{part['name']}={resolved(part['schema'])['enum'][0]}" for part in asked)


def takes_body(each: Capability) -> bool:
    """Whether a body is published for it."""
    return "requestBody" in operation(each)
