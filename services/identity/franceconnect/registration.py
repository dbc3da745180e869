"""What FranceConnect and this service agreed on when it was registered there."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from services.identity.domain.providers import OURSELVES

# Substantial and high are those of FranceConnect+.
LEVELS = ("eidas1", "eidas2", "eidas3")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Registration:
    """Raises ValueError for an issuer in clear that is not this machine, and for a level that does not exist."""

    issuer: str
    client_id: str
    client_secret: SecretStr = field(repr=False)
    redirect_uri: str
    post_logout_redirect_uri: str
    acr: str = "eidas1"
    own_idps: frozenset[str] = OURSELVES

    def __post_init__(self) -> None:
        address = urlsplit(self.issuer)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
            raise ValueError("the issuer of FranceConnect must be an https address")
        if self.acr not in LEVELS:
            raise ValueError(f"the level asked of FranceConnect must be one of {', '.join(LEVELS)}")

    def accepts(self, acr: object) -> bool:
        """Whether this level is at least the one asked for."""
        return acr in LEVELS[LEVELS.index(self.acr) :]
