"""That somebody looked at a person's data, in whatever service."""

from datetime import datetime
from uuid import UUID

from contracts.acting import Doer
from contracts.channel import Channel
from contracts.event import Event


class Viewed(Event, type=None):
    """What every service says, under a type of its own, when its data of a person were looked at."""

    session_id: UUID
    channel: Channel
    viewer: Doer
    viewed_at: datetime
