"""What the use cases ask of known devices and of the second codes that make one known."""

from typing import Protocol


class Devices(Protocol):
    """What the use cases ask of known devices and of the second codes that make one known."""
