"""E-mail changes that wait to be validated."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Index
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {}
ENCRYPTED: Mapping[str, Sequence[str]] = {}


class EmailStore(Base):
    """E-mail changes that wait to be validated."""
