"""What procedures remembers of a person, from what identity tells.

Each fact remembers the sequence of the event that told it and the newest wins, so any order and any repetition of
events ends in the same state.
"""

from dataclasses import dataclass, replace

from services.procedures.domain.vitale_card import Person


@dataclass(frozen=True)
class Heard:
    """Who the person is, as told when the account was made, and the caisse after the newest move (domain F11).

    `told_by` and `moved_by` are the sequences of the events that said it. A move may be heard of first.
    """

    told: Person | None = None
    told_by: int = 0
    moved_to: str | None = None
    moved_by: int = 0

    @property
    def person(self) -> Person | None:
        """The person at the caisse of today; None before the account's creation was heard of."""
        if self.told and self.moved_to and self.moved_by > self.told_by:
            return replace(self.told, caisse=self.moved_to)
        return self.told


def told(heard: Heard, person: Person, sequence: int) -> Heard:
    """After an account's creation, unless a newer one told otherwise."""
    return heard if heard.told_by >= sequence else replace(heard, told=person, told_by=sequence)


def moved(heard: Heard, caisse: str, sequence: int) -> Heard:
    """After a move to another caisse, unless a newer one is known."""
    return heard if heard.moved_by >= sequence else replace(heard, moved_to=caisse, moved_by=sequence)
