"""Known devices, and the second codes that make one known."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Index
from services.identity.store.base import Base

INDEXES: Mapping[str, Sequence[Index]] = {}
ENCRYPTED: Mapping[str, Sequence[str]] = {}


class DeviceStore(Base):
    """Known devices, and the second codes that make one known."""
