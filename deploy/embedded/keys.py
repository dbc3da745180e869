"""The secrets of one stack: made at its first start, found again at the next ones on the same folder."""

import base64
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, OKPKey

from deploy.embedded.ports import SERVICES

Jwk = dict[str, Any]
FIELD_KEY_BYTES = 96
INDEX_KEY_BYTES = 32
PEPPER_BYTES = 32
MAIL_REPORT_KEY_BYTES = 32
PRIVATE_PARTS = frozenset({"d"})


@dataclass(frozen=True)
class ServiceKeys:
    """What one service alone knows: its key for encrypted fields, for blind indexes, and for what is sealed to it."""

    field_key: str
    index_key: str
    sealing_key: Jwk


@dataclass(frozen=True)
class Keys:
    """Everything secret in one stack."""

    internal_key: Jwk
    signing_key: Jwk
    pepper: str
    freeze_key: Jwk
    mail_report_key: str
    services: dict[str, ServiceKeys]

    @property
    def internal_jwks(self) -> str:
        """The keys a service trusts callers by."""
        return _jwks(self.internal_key)

    @property
    def freeze_jwks(self) -> str:
        """The keys by which identity trusts the links of mails."""
        return _jwks(self.freeze_key)

    @property
    def sealing_jwks(self) -> str:
        """The keys anybody may seal to, one per service."""
        return _jwks(*(keys.sealing_key for keys in self.services.values()))


def keys_of(data: Path) -> Keys:
    """The keys kept in this folder, made on the first call; readable by their owner alone."""
    path = data / "keys.json"
    if not path.exists():
        _write(path, _new_keys())
    kept = json.loads(path.read_text())
    added = {"freeze_key": _ed25519("notifications-1"), "mail_report_key": _random(MAIL_REPORT_KEY_BYTES)}
    if not added.keys() <= kept.keys():
        # A folder of an older version keeps the keys that it has.
        kept = {**added, **kept}
        _write(path, _keys(kept))
    return _keys(kept)


def _keys(kept: dict[str, Any]) -> Keys:
    services = {name: ServiceKeys(**keys) for name, keys in kept["services"].items()}
    return Keys(**{**kept, "services": services})


def _new_keys() -> Keys:
    return Keys(
        internal_key=_ed25519("gateway-1"),
        signing_key=_ed25519("identity-1"),
        pepper=_random(PEPPER_BYTES),
        freeze_key=_ed25519("notifications-1"),
        mail_report_key=_random(MAIL_REPORT_KEY_BYTES),
        services={
            name: ServiceKeys(_random(FIELD_KEY_BYTES), _random(INDEX_KEY_BYTES), _p256(name)) for name in SERVICES
        },
    )


def _write(path: Path, keys: Keys) -> None:
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(keys), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _ed25519(kid: str) -> Jwk:
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"}, private=True)
    return dict(key.as_dict(private=True))


def _p256(kid: str) -> Jwk:
    key = ECKey.generate_key("P-256", {"kid": kid, "use": "enc"}, private=True)
    return dict(key.as_dict(private=True))


def _jwks(*keys: Jwk) -> str:
    return json.dumps({"keys": [{k: v for k, v in key.items() if k not in PRIVATE_PARTS} for key in keys]})


def _random(length: int) -> str:
    return base64.b64encode(os.urandom(length)).decode()
