"""What procedures remembers of a person."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.procedures.domain import persons
from services.procedures.domain.persons import Heard
from tests.unit.procedures.builders import a_person

CAISSES = st.sampled_from(["291", "311", "751"])
Story = list[tuple[int, bool, str]]


def after(story: Story) -> Heard:
    """What is known after these events, each with its sequence: a creation or a move, and the caisse it tells."""
    heard = Heard()
    for sequence, creation, caisse in story:
        if creation:
            heard = persons.told(heard, a_person(caisse=caisse), sequence)
        else:
            heard = persons.moved(heard, caisse, sequence)
    return heard


@given(st.lists(st.tuples(st.booleans(), CAISSES), max_size=8), st.randoms(use_true_random=False))
def test_a_person_ends_at_the_newest_caisse_in_any_order_and_with_any_repetition(
    news: list[tuple[bool, str]], chance: random.Random
) -> None:
    story = [(sequence, *each) for sequence, each in enumerate(news, 1)]
    heard = story + story[: len(story) // 2]
    chance.shuffle(heard)
    assert after(heard) == after(story)
    person = after(story).person
    assert (person.caisse if person else None) == (news[-1][1] if any(creation for creation, _ in news) else None)
