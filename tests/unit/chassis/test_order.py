"""In what order a person's events take effect."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.order import Verdict, Watermark, due

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_first_event_is_awaited_and_a_later_one_waits() -> None:
    assert Watermark().verdict(1) is Verdict.NEXT
    assert Watermark().verdict(2) is Verdict.GAP


def test_a_repeat_is_old_and_the_next_one_is_not() -> None:
    after = Watermark().after(1)
    assert after.verdict(1) is Verdict.OLD
    assert after.verdict(2) is Verdict.NEXT


def test_an_event_that_was_waited_for_in_vain_still_counts_when_it_comes() -> None:
    jumped = Watermark(5).after(8)
    assert [jumped.verdict(sequence) for sequence in (5, 6, 7, 8, 9)] == [
        Verdict.OLD,
        Verdict.NEXT,
        Verdict.NEXT,
        Verdict.OLD,
        Verdict.NEXT,
    ]
    assert jumped.after(6).verdict(6) is Verdict.OLD
    assert jumped.after(6).last == 8


@given(st.lists(st.integers(1, 30)))
def test_whatever_arrives_each_sequence_takes_effect_at_most_once(arrivals: list[int]) -> None:
    watermark, effects = Watermark(), []
    for sequence in arrivals:
        if watermark.verdict(sequence) is not Verdict.OLD:
            effects.append(sequence)
            watermark = watermark.after(sequence)
    assert len(effects) == len(set(effects))
    assert set(effects) == set(arrivals)


def test_a_gap_is_due_as_soon_as_it_is_closed_and_else_when_patience_ends() -> None:
    row = {"reason": "gap", "sequence": 3, "next_at": NOW + timedelta(seconds=30)}
    assert due(row, Watermark(2), NOW)
    assert not due(row, Watermark(1), NOW)
    assert due(row, Watermark(1), NOW + timedelta(seconds=30))


def test_a_failed_event_is_due_only_when_its_wait_is_over() -> None:
    row = {"reason": "KeyError", "sequence": 3, "next_at": NOW + timedelta(seconds=1)}
    assert not due(row, Watermark(2), NOW)
    assert due(row, Watermark(2), NOW + timedelta(seconds=1))
