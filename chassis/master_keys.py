"""The keys that wrap data keys: local ones, known by the start of their hash, and at most one key service (KMS)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCAL_KEY_BYTES = 96
# What pymongo asks for each key service: credentials (none at all: found in the machine's identity), key.
CREDENTIALS: Mapping[str, frozenset[str]] = {
    "aws": frozenset({"accessKeyId", "secretAccessKey"}),
    "azure": frozenset({"tenantId", "clientId", "clientSecret"}),
    "gcp": frozenset({"email", "privateKey"}),
    "kmip": frozenset({"endpoint"}),
}
KEY: Mapping[str, frozenset[str]] = {
    "aws": frozenset({"region", "key"}),
    "azure": frozenset({"keyVaultEndpoint", "keyName"}),
    "gcp": frozenset({"projectId", "location", "keyRing", "keyName"}),
    "kmip": frozenset(),
}
TLS = frozenset({"tlsCAFile", "tlsCertificateKeyFile"})


class IncompleteKeys(ValueError):
    """The settings do not name a usable master key. Says what is missing, never what was given."""


@dataclass(frozen=True)
class MasterKeys:
    """What pymongo is given to open data keys, and which of it wraps new ones."""

    providers: dict[str, dict[str, Any]] = field(repr=False)
    current: str
    key: dict[str, Any] | None
    tls: dict[str, dict[str, Any]]


def master_keys(
    local: Sequence[str],
    kms_provider: str | None,
    kms_key: Mapping[str, Any] | None,
    kms_tls: Mapping[str, Path],
) -> MasterKeys:
    """The key service wraps new data keys where there is one, else the first local key; all others still open.

    Raises IncompleteKeys.
    """
    found = {_name(key): {"key": key} for key in map(_local_key, local)}
    current = next(iter(found), "")
    if found:
        # Data keys of before local keys had names: they are as old as the oldest key.
        found["local"] = list(found.values())[-1]
    if kms_provider is None:
        if kms_key is not None or kms_tls:
            raise IncompleteKeys("kms_key and kms_tls need a kms_provider")
        if not found:
            raise IncompleteKeys("a field_key or a kms_provider is needed")
        return MasterKeys(found, current, None, {})
    name, credentials = _service(kms_provider)
    _require(KEY[name], kms_key if kms_key is not None else {}, f"kms_key of {name}")
    return MasterKeys({**found, name: credentials}, name, dict(kms_key or {}), _tls(name, kms_tls))


def _local_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IncompleteKeys("a field key is not base64") from None
    if len(key) != LOCAL_KEY_BYTES:
        raise IncompleteKeys(f"a field key has {LOCAL_KEY_BYTES} bytes")
    return key


def _name(key: bytes) -> str:
    return f"local:k{hashlib.sha256(key).hexdigest()[:8]}"


def _service(text: str) -> tuple[str, dict[str, Any]]:
    try:
        given = json.loads(text)
    except ValueError:
        raise IncompleteKeys("kms_provider is not JSON") from None
    if not isinstance(given, dict) or len(given) != 1 or not set(given) <= set(CREDENTIALS):
        raise IncompleteKeys(f"kms_provider names one of {', '.join(sorted(CREDENTIALS))}")
    ((name, credentials),) = given.items()
    if not isinstance(credentials, dict):
        raise IncompleteKeys(f"kms_provider of {name} is an object")
    if credentials or name == "kmip":
        _require(CREDENTIALS[name], credentials, f"kms_provider of {name}")
    return name, credentials


def _require(wanted: frozenset[str], given: Mapping[str, Any], where: str) -> None:
    if missing := sorted(name for name in wanted if not given.get(name)):
        raise IncompleteKeys(f"{where} lacks {', '.join(missing)}")


def _tls(name: str, files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    if not set(files) <= TLS:
        raise IncompleteKeys(f"kms_tls knows {', '.join(sorted(TLS))}")
    if missing := sorted(option for option, file in files.items() if not file.is_file()):
        raise IncompleteKeys(f"kms_tls: no such file for {', '.join(missing)}")
    return {name: {option: str(file) for option, file in files.items()}} if files else {}
