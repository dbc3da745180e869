"""Who did what with a person's data."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Index
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {}
ENCRYPTED: Mapping[str, Sequence[str]] = {}


class AccessLogStore(Base):
    """Who did what with a person's data."""
