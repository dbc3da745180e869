"""Where every process of one stack listens: one base, so that stacks stand side by side."""

import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass

HOST = "127.0.0.1"
DEFAULT_BASE = 8400
SERVICES = ("identity", "payments", "procedures", "notifications", "gateway")
_CHOICE = (20_000, 32_000)
_OFFSETS = {
    "gateway": 0,
    "identity": 1,
    "payments": 2,
    "procedures": 3,
    "notifications": 4,
    "broker": 5,
    "database": 6,
    "smtp": 7,
    "mailbox": 8,
    "traces": 9,
    "idp": 10,
}


@dataclass(frozen=True)
class Ports:
    """The ports of one stack."""

    base: int

    def __getitem__(self, name: str) -> int:
        return self.base + _OFFSETS[name]

    def address(self, name: str) -> str:
        """`host:port`, for whoever does not speak HTTP."""
        return f"{HOST}:{self[name]}"

    def url(self, name: str) -> str:
        """The base of every HTTP address of that process."""
        return f"http://{self.address(name)}"

    @property
    def site(self) -> str:
        """Where a browser opens the portal: by name, since no passkey belongs to an address of numbers."""
        return f"http://localhost:{self['gateway']}"

    def taken(self, names: Iterable[str]) -> list[int]:
        """Those of these ports that somebody listens on."""
        return [self[name] for name in names if not _free(self[name])]


def free_base() -> int:
    """A base whose ports nobody uses now, for one more stack beside those that run."""
    while True:
        # Below the range the system hands out to clients.
        base = secrets.choice(range(*_CHOICE, len(_OFFSETS)))
        if not Ports(base).taken(_OFFSETS):
            return base


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it, connections still closing after a restart would look like somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
