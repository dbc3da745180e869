"""Tokens that somebody made who should not be able to, from the public half of a key and a genuine token."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OKPKey

from chassis.clock import now

Claims = dict[str, Any]
ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY_POINT = (1).to_bytes(32, "little")


def encoded(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def part(value: object) -> str:
    """One part of a token."""
    return encoded(json.dumps(value, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Genuine:
    """What the holder of the key would sign: its private JWK, the kind of the token, and the claims."""

    key: Mapping[str, Any]
    kind: str
    claims: Claims

    @property
    def header(self) -> Claims:
        """The header of a right token."""
        return {"alg": "Ed25519", "typ": self.kind, "kid": self.key["kid"]}

    @property
    def public(self) -> Claims:
        """The public half, as everybody can have it."""
        return {name: value for name, value in self.key.items() if name != "d"}

    def token(self, header: Claims | None = None, **but: Any) -> str:
        """A token that is really signed, with these claims instead; None leaves one out."""
        claims = {name: value for name, value in {**self.claims, **but}.items() if value is not None}
        return self.signed({**self.header, **(header or {})}, part(claims), _private(self.key["d"]))

    def signed(self, header: Claims, payload: str, key: Ed25519PrivateKey) -> str:
        """These parts under the signature of this key."""
        head = {name: value for name, value in header.items() if value is not None}
        text = f"{part(head)}.{payload}"
        return f"{text}.{encoded(key.sign(text.encode()))}"


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))


def forgeries(genuine: Genuine, listener: str) -> Iterator[tuple[str, str]]:
    """Tokens without the key, by what is wrong with them. `listener` is an address where a key could be fetched."""
    payload = part(genuine.claims)
    head, body, signature = genuine.token().split(".")
    for name in ("none", "None", "NONE", "nOnE", ""):
        unsigned = part({**genuine.header, "alg": name})
        yield f"alg {name!r} without a signature", f"{unsigned}.{payload}."
        yield f"alg {name!r} with a signature", f"{unsigned}.{payload}.{signature}"
    yield "no alg", f"{part({'typ': genuine.kind, 'kid': genuine.key['kid']})}.{payload}.{signature}"
    yield from _by_the_public_key(genuine, payload)
    yield from _without_a_secret(genuine, payload)
    yield from _by_a_key_of_ones_own(genuine, payload, listener)
    changed = part({**genuine.claims, "sub": "0190a000-0000-7000-8000-000000000001"})
    yield "another payload", f"{head}.{changed}.{signature}"
    yield "another header", f"{part({**genuine.header, 'x': 1})}.{body}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{head}.{body}.{signature}.{signature}"
    yield "half a signature", f"{head}.{body}.{signature[:43]}"
    yield "a payload that is not attached", f"{head}..{signature}"
    flattened = {"protected": head, "payload": body, "signature": signature}
    yield "as JSON", json.dumps(flattened, separators=(",", ":"))


def _by_the_public_key(genuine: Genuine, payload: str) -> Iterator[tuple[str, str]]:
    public = OKPKey.import_key(genuine.public)
    raw = base64.urlsafe_b64decode(genuine.key["x"] + "==")
    pem = public.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = {"raw": raw, "x": genuine.key["x"].encode(), "PEM": pem, "JWK": json.dumps(genuine.public).encode()}
    for named, secret in {**secrets, "empty": b""}.items():
        for algorithm, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
            text = f"{part({**genuine.header, 'alg': algorithm})}.{payload}"
            yield (
                f"{algorithm} with the public key as its secret ({named})",
                f"{text}.{encoded(hmac.new(secret, text.encode(), digest).digest())}",
            )


def _without_a_secret(genuine: Genuine, payload: str) -> Iterator[tuple[str, str]]:
    head = part(genuine.header)
    for name, signature in {
        "r = s = 0": bytes(64),
        "r the neutral point, s = 0": IDENTITY_POINT + bytes(32),
        "s beyond the order": IDENTITY_POINT + ORDER.to_bytes(32, "little"),
        "all ones": b"\xff" * 64,
    }.items():
        yield f"Ed25519, {name}", f"{head}.{payload}.{encoded(signature)}"
    for algorithm in ("ES256", "RS256", "PS256"):
        other = part({**genuine.header, "alg": algorithm})
        yield f"{algorithm}, r = s = 0", f"{other}.{payload}.{encoded(bytes(64))}"


def _by_a_key_of_ones_own(genuine: Genuine, payload: str, listener: str) -> Iterator[tuple[str, str]]:
    own = OKPKey.generate_key("Ed25519", {"kid": genuine.key["kid"]})
    private = _private(str(own.as_dict(private=True)["d"]))
    public = own.as_dict(private=False)
    headers: dict[str, Claims] = {
        "the same kid": {},
        "no kid": {"kid": None},
        "jwk": {"jwk": public},
        "jwk and no kid": {"jwk": public, "kid": None},
        "jku": {"jku": f"{listener}/jwks.json"},
        "x5u": {"x5u": f"{listener}/chain.pem"},
        "x5c": {"x5c": ["MIIB"]},
        "crit jwk": {"crit": ["jwk"], "jwk": public},
        **{f"kid {kid!r}": {"kid": kid} for kid in _KIDS},
    }
    for name, header in headers.items():
        yield f"a key of one's own, {name}", genuine.signed({**genuine.header, **header}, payload, private)


_KIDS: tuple[Any, ...] = (
    "../../../../../../dev/null",
    "/dev/null",
    "file:///etc/hostname",
    "' OR '1'='1",
    "\x00",
    "",
    ["gateway-1", "identity-1"],
    {"$ne": None},
    7,
)


def misuses(genuine: Genuine) -> Iterator[tuple[str, str]]:
    """Tokens that the right key did sign, and that must not be taken all the same."""
    at = int(now().timestamp())
    claims: dict[str, Claims] = {
        "expired": {"iat": at - 120, "exp": at - 60},
        "of the future": {"iat": at + 3600, "exp": at + 3660},
        "not before a later instant": {"nbf": at + 3600},
        "without exp": {"exp": None},
        "without iat": {"iat": None},
        "without iss": {"iss": None},
        "without aud": {"aud": None},
        "exp is a text": {"exp": "never"},
        "exp is true": {"exp": True},
        "exp is a list": {"exp": [at + 60]},
        "of another issuer": {"iss": "somebody"},
        "for everybody": {"aud": "*"},
        "for nobody": {"aud": ""},
        "for somebody else": {"aud": "autre"},
        "larger than 4 KB": {"more": "x" * 4096},
    }
    for name, but in claims.items():
        yield name, genuine.token(**but)
    headers: dict[str, Claims] = {
        "crit exp": {"crit": ["exp"]},
        "crit unknown": {"crit": ["urn:x"], "urn:x": True},
        "crit empty": {"crit": []},
        "b64 false": {"b64": False, "crit": ["b64"]},
        "another kind": {"typ": "JWT"},
        "no kind": {"typ": None},
        "kind in capitals": {"typ": genuine.kind.upper()},
        "cty": {"typ": None, "cty": genuine.kind},
    }
    for name, header in headers.items():
        yield name, genuine.token(header)
    raw = json.dumps(genuine.claims)
    head = part({**genuine.header, "b64": False, "crit": ["b64"]})
    text = f"{head}.{raw}"
    yield "b64 false, payload as it is", f"{text}.{encoded(_private(genuine.key['d']).sign(text.encode()))}"
