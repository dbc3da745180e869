"""What the use cases ask of e-mail changes that wait to be validated."""

from typing import Protocol


class Emails(Protocol):
    """What the use cases ask of e-mail changes that wait to be validated."""
