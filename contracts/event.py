"""What every event is: a frozen fact about one person, registered under a versioned type."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

EVENT_TYPES: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """A fact about one person. Written strictly, read tolerantly.

    A subclass names its type, `<publisher>.<PastParticiple>.v<n>`; the topic
    and the source follow from it unless the subclass names others (`source` is
    then a pattern). Registering a type twice fails at import. What several
    events have in common is a subclass of type None, which is no event itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    topic: ClassVar[str]
    source: ClassVar[str]

    person_id: UUID

    def __init_subclass__(
        cls,
        *,
        type: str | None,  # noqa: A002
        topic: str | None = None,
        source: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if type is None:
            return
        if type in EVENT_TYPES:
            raise TypeError(f"the event type {type} is registered twice")
        cls.type = type
        cls.topic = topic or f"{cls.publisher()}.events"
        cls.source = source or re.escape(f"/compte/{cls.publisher()}")
        EVENT_TYPES[type] = cls

    @classmethod
    def publisher(cls) -> str:
        """Who alone publishes this type."""
        return cls.type.partition(".")[0]

    @classmethod
    def comes_from(cls, source: str) -> bool:
        """Whether an envelope's source is this type's publisher."""
        return re.fullmatch(cls.source, source) is not None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Read an event of this type, ignoring fields that a newer publisher added.

        Raises pydantic.ValidationError when a field that this version promises is missing or malformed.
        """
        return cls.model_validate(data, extra="ignore")
