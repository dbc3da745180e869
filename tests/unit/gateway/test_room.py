"""So many log-ins are let in at once (reliability A17)."""

import pytest

from contracts.problems import Unavailable
from services.gateway.api.limiting import Room


def test_whoever_comes_to_a_full_room_is_turned_away_until_somebody_leaves() -> None:
    room = Room(2)
    with room.place(), room.place(), pytest.raises(Unavailable), room.place():
        pass
    with room.place(), room.place():
        pass


def test_a_place_is_free_again_however_its_user_leaves() -> None:
    room = Room(1)
    with pytest.raises(KeyError), room.place():
        raise KeyError
    with room.place():
        pass
