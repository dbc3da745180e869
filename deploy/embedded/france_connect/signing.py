"""The provider's keys, and tokens signed with them: as they should be, or as a test wants them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import json_b64encode, urlsafe_b64encode

Claims: TypeAlias = dict[str, Any]
Algorithm: TypeAlias = Literal["ES256", "RS256"]
Key: TypeAlias = ECKey | RSAKey
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")


class Signer:
    """Signs with the newest key; publishes all it has not dropped. Keeps its keys in `path`, if there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._keys: list[Key] = []
        if path and path.exists():
            self._keys = [_imported(each) for each in json.loads(path.read_text())]
        else:
            self.rotate("ES256", keep=False)

    @property
    def key(self) -> Key:
        """The key of today."""
        return self._keys[-1]

    @property
    def algorithm(self) -> Algorithm:
        """What the key of today signs with."""
        return "RS256" if self.key.key_type == "RSA" else "ES256"

    def rotate(self, algorithm: Algorithm, *, keep: bool) -> None:
        """Sign with a new key from now on; `keep` goes on publishing the others."""
        self._keys = [*(self._keys if keep else []), new_key(algorithm)]
        if self._path:
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump([key.as_dict(private=True) for key in self._keys], file)

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def header(self) -> dict[str, Any]:
        """The header of a sound token."""
        return {"alg": self.algorithm, "typ": "JWT", "kid": self.key.kid}

    def sign(self, claims: Claims) -> str:
        """A sound token."""
        return compact(self.header(), claims, self.key)

    def is_ours(self, token: str) -> bool:
        """Whether a key that is still published signed this, however long ago."""
        try:
            jwt.decode(token, KeySet(list(self._keys)), algorithms=[*ALGORITHMS])
        except (JoseError, ValueError):
            return False
        return True


def new_key(algorithm: Algorithm) -> Key:
    """A key for this algorithm."""
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, {"use": "sig", "alg": algorithm}, auto_kid=True)
    return ECKey.generate_key("P-256", {"use": "sig", "alg": algorithm}, auto_kid=True)


def compact(header: Mapping[str, Any], claims: Claims, key: Any) -> str:
    """A token with exactly this header, signed by its `alg`, sound or not."""
    signed = json_b64encode(dict(header)) + b"." + json_b64encode(claims)
    signature = JWSRegistry.algorithms[str(header["alg"])].sign(signed, key)
    return (signed + b"." + urlsafe_b64encode(signature)).decode()


def _imported(jwk: dict[str, Any]) -> Key:
    return RSAKey.import_key(jwk) if jwk["kty"] == "RSA" else ECKey.import_key(jwk)
