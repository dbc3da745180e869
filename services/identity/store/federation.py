"""FranceConnect's ceremonies and links."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Index
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {}
ENCRYPTED: Mapping[str, Sequence[str]] = {}


class FederationStore(Base):
    """FranceConnect's ceremonies and links."""
