"""Who acts for a person: the persons themselves, or somebody in their service."""

from enum import StrEnum

from contracts.event import Event


class Doer(StrEnum):
    """Who does something, or looks."""

    SELF = "self"
    HELPER = "helper"
    AGENT = "agent"


class Acted(Event, type=None):
    """What others may do in a person's stead says who did it."""

    by: Doer = Doer.SELF
