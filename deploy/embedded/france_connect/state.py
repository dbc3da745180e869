"""Everything the provider knows."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from deploy.embedded.france_connect.faults import Faults
from deploy.embedded.france_connect.grants import TOKEN_LIVES, Client, Grants
from deploy.embedded.france_connect.people import Claims, People
from deploy.embedded.france_connect.signing import Signer


@dataclass
class FranceConnect:
    """The provider of one stack. `clock` gives seconds since 1970."""

    issuer: str
    client: Client
    people: People
    signer: Signer
    clock: Callable[[], float] = time.time
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    grants: Grants = field(init=False)

    def __post_init__(self) -> None:
        self.grants = Grants(self.clock)

    def sign(self, kind: str, claims: Claims) -> str:
        """A token of this kind for the client, valid for a minute."""
        now = int(self.clock())
        standard = {"iss": self.issuer, "aud": self.client.id, "iat": now, "exp": now + TOKEN_LIVES}
        return self.faults.token(kind, {**standard, **claims}, self.signer)


fc_key = web.AppKey("fc", FranceConnect)
