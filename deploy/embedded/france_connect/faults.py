"""What a test may make of FranceConnect: out of order, or forging its tokens in one way at a time."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from joserfc.util import json_b64encode, urlsafe_b64encode

from deploy.embedded.france_connect.signing import Claims, Signer, compact, new_key

SECONDS = 25.0
ELSEWHERE = "https://ailleurs.exemple.invalid"
# `down` and `slow` hold for every address of FranceConnect, the others for one.
TROUBLES = (
    *("down", "slow", "discovery-issuer", "discovery-elsewhere", "jwks-down", "no-keys"),
    *("token-down", "invalid-grant", "invalid-client", "no-id-token", "token-not-json", "token-huge"),
    *("userinfo-down", "userinfo-refused", "userinfo-json", "userinfo-is-id-token"),
    *("redirect-error", "redirect-server-error", "redirect-other-state", "redirect-no-state"),
)
Change = Callable[[Claims], Claims]
Forgery = Callable[[Claims, Signer], str]

# None takes a claim away.
_CLAIMS: Mapping[str, Change] = {
    "iss": lambda _: {"iss": ELSEWHERE},
    "no-iss": lambda _: {"iss": None},
    "aud": lambda _: {"aud": "un-autre-service"},
    "no-aud": lambda _: {"aud": None},
    "two-auds": lambda claims: {"aud": [claims["aud"], "un-autre-service"]},
    "azp": lambda _: {"azp": "un-autre-service"},
    "expired": lambda claims: {"iat": claims["iat"] - 3600, "exp": claims["iat"] - 3540},
    "no-exp": lambda _: {"exp": None},
    "exp-text": lambda claims: {"exp": str(claims["exp"])},
    "future": lambda claims: {"iat": claims["iat"] + 3600, "exp": claims["exp"] + 3600},
    "no-iat": lambda _: {"iat": None},
    "nbf": lambda claims: {"nbf": claims["iat"] + 3600},
    "sub": lambda _: {"sub": "quelquun-dautre"},
    "no-sub": lambda _: {"sub": None},
}
_ID_TOKEN: Mapping[str, Change] = {
    "nonce": lambda _: {"nonce": "n" * 43},
    "no-nonce": lambda _: {"nonce": None},
    "acr": lambda _: {"acr": "eidas0"},
    "acr-higher": lambda _: {"acr": "eidas3"},
    "no-acr": lambda _: {"acr": None},
    "at-hash": lambda _: {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "no-at-hash": lambda _: {"at_hash": None},
    "delegation": lambda _: {"rep_scope": ["Social-Santé"]},
}
_USERINFO: Mapping[str, Change] = {
    "no-birthdate": lambda _: {"birthdate": None},
    "birthdate": lambda _: {"birthdate": "1985-02-30"},
    "birthplace": lambda _: {"birthplace": "2C001", "birthcountry": "99100"},
    "gender": lambda _: {"gender": "inconnu"},
    "ameli": lambda _: {"idp_id": "ameli"},
    "delegation": lambda _: {"rep_scope": ["Social-Santé"]},
}


def _with(claims: Claims, signer: Signer, **header: object) -> str:
    return compact({**signer.header(), **header}, claims, signer.key)


def _hs256(claims: Claims, signer: Signer) -> str:
    # By hand: the library refuses a public key as a secret, which is what this attack needs.
    signed = signer.sign(claims).split(".")
    signed[0] = json_b64encode({**signer.header(), "alg": "HS256"}).decode()
    digest = hmac.digest(signer.key.as_pem(private=False), ".".join(signed[:2]).encode(), "sha256")
    return ".".join([*signed[:2], urlsafe_b64encode(digest).decode()])


def _other_key(claims: Claims, signer: Signer) -> str:
    return compact(signer.header(), claims, new_key(signer.algorithm))


def _own_key(claims: Claims, signer: Signer) -> str:
    key = new_key(signer.algorithm)
    return compact({**signer.header(), "kid": key.kid, "jwk": key.as_dict(private=False)}, claims, key)


def _no_kid(claims: Claims, signer: Signer) -> str:
    header = signer.header()
    del header["kid"]
    return compact(header, claims, signer.key)


def _signature(claims: Claims, signer: Signer, signature: str) -> str:
    return signer.sign(claims).rpartition(".")[0] + "." + signature


def _payload(claims: Claims, signer: Signer) -> str:
    header, _, signature = signer.sign(claims).split(".")
    payload = signer.sign({**claims, "exp": claims["exp"] + 1}).split(".")[1]
    return f"{header}.{payload}.{signature}"


_FORGERIES: Mapping[str, Forgery] = {
    "alg-none": lambda claims, signer: _with(claims, signer, alg="none"),
    "hs256": _hs256,
    "other-key": _other_key,
    "unknown-kid": lambda claims, signer: _with(claims, signer, kid="inconnue"),
    "kid-traversal": lambda claims, signer: _with(claims, signer, kid="../../../../dev/null"),
    "no-kid": _no_kid,
    "jwk": _own_key,
    "jku": lambda claims, signer: _with(claims, signer, jku=f"{ELSEWHERE}/jwks"),
    "x5u": lambda claims, signer: _with(claims, signer, x5u=f"{ELSEWHERE}/x5u"),
    "crit": lambda claims, signer: _with(claims, signer, crit=["exp"], exp=0),
    "b64": lambda claims, signer: _with(claims, signer, crit=["b64"], b64=False),
    "no-signature": lambda claims, signer: _signature(claims, signer, ""),
    "zero-signature": lambda claims, signer: _signature(claims, signer, "A" * 86),
    "payload": _payload,
    "huge": lambda claims, signer: signer.sign({**claims, "rembourrage": "x" * 20_000}),
    "not-a-jwt": lambda _, __: "ceci n'est pas un jeton",
}
_KINDS = {"id-token": {**_CLAIMS, **_ID_TOKEN}, "userinfo": {**_CLAIMS, **_USERINFO}}
FORGED = {kind: (*changes, *_FORGERIES) for kind, changes in _KINDS.items()}
NAMES = (*TROUBLES, *(f"{kind}/{name}" for kind, names in FORGED.items() for name in names))


@dataclass
class Faults:
    """What is wrong now, until told otherwise."""

    name: str | None = None
    seconds: float = SECONDS

    def begin(self, name: str | None, seconds: float) -> None:
        """From now on this is wrong; None for nothing."""
        self.name, self.seconds = name, seconds

    def describe(self) -> dict[str, object]:
        """What is wrong, and what could be."""
        return {**asdict(self), "names": NAMES}

    def token(self, kind: str, claims: Claims, signer: Signer) -> str:
        """The token of these claims, forged when this kind of token is what is wrong."""
        wanted, _, name = (self.name or "").partition("/")
        if wanted != kind:
            return signer.sign(claims)
        if name in _FORGERIES:
            return _FORGERIES[name](claims, signer)
        changed = {**claims, **_KINDS[kind][name](claims)}
        return signer.sign({claim: value for claim, value in changed.items() if value is not None})


def wanted(body: str) -> tuple[str | None, float]:
    """The fault a test asks for: `{"name": ..., "seconds": ...}`. Raises ValueError."""
    asked = json.loads(body)
    name, seconds = asked.get("name"), float(asked.get("seconds", SECONDS))
    if name is not None and name not in NAMES:
        raise ValueError("unknown")
    return name, seconds
