"""Who looks at a person's data: the persons themselves, or somebody in their service."""

from enum import StrEnum


class Viewer(StrEnum):
    """Who looks."""

    SELF = "self"
    HELPER = "helper"
    AGENT = "agent"
