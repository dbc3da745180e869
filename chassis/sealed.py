"""Closes a value so that only the services it is addressed to can read it (JWE, ECDH-ES+A256KW, A256GCM)."""

import json
from typing import Any, cast

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from contracts.sealed import Sealed

WRAPPED, ENCRYPTED = "ECDH-ES+A256KW", "A256GCM"
_allowed = jwe.JWERegistry(algorithms=[WRAPPED, ENCRYPTED])


class CannotOpen(Exception):
    """The value is not addressed to this service, or was tampered with. Carries no value."""


class Sealer:
    """Seals to other services and opens what was sealed to this one."""

    def __init__(self, recipients: str, own_key: str) -> None:
        self._recipients = {str(key["kid"]): ECKey.import_key(key) for key in json.loads(recipients)["keys"]}
        self._own = ECKey.import_key(json.loads(own_key))

    def seal(self, value: str, *recipients: str) -> Sealed:
        """Close a value to these services. Raises KeyError for a service without a key."""
        closed = jwe.GeneralJSONEncryption({"enc": ENCRYPTED}, value.encode())
        for name in recipients:
            closed.add_recipient({"alg": WRAPPED, "kid": name}, self._recipients[name])
        return Sealed.model_validate(jwe.encrypt_json(closed, None, registry=_allowed))

    def open(self, sealed: Sealed) -> str:
        """Read a value sealed to this service. Raises CannotOpen."""
        mine = [each for each in sealed.recipients if each.header.get("kid") == self._own.kid]
        try:
            opened = jwe.decrypt_json(
                cast("Any", {**sealed.model_dump(), "recipients": [each.model_dump() for each in mine]}),
                KeySet([self._own]),
                registry=_allowed,
            )
        except (JoseError, ValueError, IndexError):
            raise CannotOpen from None
        return (opened.plaintext or b"").decode()
