"""Who looked at a person's data: the persons themselves, or somebody in their service."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.channel import Channel
from contracts.event import Event


class Viewer(StrEnum):
    """Who looks."""

    SELF = "self"
    HELPER = "helper"
    AGENT = "agent"


class Viewed(Event, type=None):
    """What every service says, under a type of its own, when its data of a person were looked at."""

    session_id: UUID
    channel: Channel
    viewer: Viewer
    viewed_at: datetime
