"""What the use cases ask of the log of who did what with a person's data."""

from typing import Protocol


class AccessLog(Protocol):
    """What the use cases ask of the log of who did what with a person's data."""
