"""What the use cases ask of FranceConnect's ceremonies and links."""

from typing import Protocol


class Federation(Protocol):
    """What the use cases ask of FranceConnect's ceremonies and links."""
