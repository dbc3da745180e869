"""The only place that draws identifiers and secrets."""

import random
import secrets
from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """A UUIDv7: unique, sortable by time, and no secret."""
    return compat.uuid7()


def new_token() -> str:
    """256 unguessable bits, URL-safe."""
    return secrets.token_urlsafe(32)


def random_digits(length: int) -> str:
    """A string of `length` unguessable digits."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


def jitter(seconds: float) -> float:
    """Between half and all of `seconds`, so that retries of many do not meet."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, protects nothing
