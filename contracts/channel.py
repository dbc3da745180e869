"""Through what a person comes."""

from enum import StrEnum


class Channel(StrEnum):
    """Through what a person came. A tablet counts as app."""

    WEB = "web"
    APP = "app"
