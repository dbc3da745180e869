"""Which events a service reacts to: the table that its consumers.py fills."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from contracts.envelope import Envelope
from contracts.event import Event

S = TypeVar("S")
E = TypeVar("E", bound=Event)
Reaction = Callable[[Envelope, E, S], Awaitable[None]]


class Consumers(Generic[S]):
    """The reactions of one consumer group, by event type."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.reactions: dict[str, tuple[type[Event], Reaction[Any, S]]] = {}

    def on(self, event: type[E]) -> Callable[[Reaction[E, S]], Reaction[E, S]]:
        """React to this event type. Registering a type twice fails at import."""

        def register(reaction: Reaction[E, S]) -> Reaction[E, S]:
            if event.type in self.reactions:
                raise TypeError(f"{self.group} reacts to {event.type} twice")
            self.reactions[event.type] = (event, reaction)
            return reaction

        return register

    @property
    def topics(self) -> list[str]:
        """Every topic that an event of the table is published on."""
        return sorted({event.topic for event, _ in self.reactions.values()})

    def reaction(self, event_type: str) -> tuple[type[Event], Reaction[Any, S]] | None:
        """The reaction to a type, or None when this group does not care."""
        return self.reactions.get(event_type)

    def misses_version(self, event_type: str) -> bool:
        """Whether the group reacts to other versions of this type, but not to this one."""
        family = event_type.rpartition(".")[0]
        return event_type not in self.reactions and any(known.rpartition(".")[0] == family for known in self.reactions)
