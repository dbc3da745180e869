"""What the gateway asks a service, and what it passes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.domain.sessions import Session

OK = 200


@dataclass(frozen=True)
class Call:
    """One request to a service, in the name of `session` or of nobody. `query` is still percent-encoded."""

    service: str
    method: str
    path: str
    session: Session | None = None
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the service answered; only the headers that callers are meant to see."""

    status: int
    body: bytes
    headers: Mapping[str, str]
