"""What every event is: a frozen fact about one person, registered under a versioned type."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

EVENT_TYPES: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """A fact about one person. Written strictly, read tolerantly.

    A subclass names its type, `<publisher>.<PastParticiple>.v<n>`; the topic
    follows from it unless the subclass names another. Registering a type twice
    fails at import.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    topic: ClassVar[str]

    person_id: UUID

    def __init_subclass__(cls, *, type: str, topic: str | None = None, **kwargs: Any) -> None:  # noqa: A002
        super().__init_subclass__(**kwargs)
        if type in EVENT_TYPES:
            raise TypeError(f"the event type {type} is registered twice")
        cls.type = type
        cls.topic = topic or f"{type.partition('.')[0]}.events"
        EVENT_TYPES[type] = cls

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Read an event of this type, ignoring fields that a newer publisher added.

        Raises pydantic.ValidationError when a field that this version promises is missing or malformed.
        """
        return cls.model_validate(data, extra="ignore")
