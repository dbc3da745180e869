"""What the use cases ask of passkeys and their ceremonies."""

from typing import Protocol


class Passkeys(Protocol):
    """What the use cases ask of passkeys and their ceremonies."""
