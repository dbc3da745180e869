"""The rules of a mail's life."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.notifications import EmailFailed, EmailSent
from services.notifications.domain import mails
from services.notifications.domain.mails import (
    AT_ONCE,
    LEASE,
    LONGEST_WAIT,
    WINDOW,
    Accepted,
    Delayed,
    Mail,
    Outcome,
    Rejected,
    Series,
    State,
)
from services.notifications.domain.reasons import AccountOpened
from tests.unit.notifications.builders import CODE_LIFE, MINE, NOW, OTHERS, a_code, a_mail, but, claimed

SECOND = timedelta(seconds=1)


def test_a_new_mail_is_due_at_once_and_for_24_hours() -> None:
    mail = a_mail()
    assert mail.is_due(NOW)
    assert mail.is_due(NOW + WINDOW - SECOND)
    assert not mail.is_due(NOW + WINDOW)
    assert mail.is_overdue(NOW + WINDOW)


def test_a_mail_with_a_code_is_due_only_while_the_code_lives() -> None:
    mail = a_mail(AccountOpened(), code=a_code())
    assert mail.is_due(NOW + CODE_LIFE - SECOND)
    assert not mail.is_due(NOW + CODE_LIFE)
    assert mail.is_overdue(NOW + CODE_LIFE)


def test_a_claimed_mail_is_nobody_elses_until_its_lease_has_run_out() -> None:
    mail = claimed(a_mail())
    assert mail.state is State.CLAIMED
    assert mail.is_held_by(MINE.token)
    assert not mail.is_held_by(OTHERS.token)
    assert not mail.is_due(NOW + LEASE - SECOND)
    assert mail.is_due(NOW + LEASE)


def test_a_renewed_claim_holds_for_another_lease() -> None:
    mail = mails.renew(claimed(a_mail()), NOW + LEASE - SECOND)
    assert mail.is_held_by(MINE.token)
    assert not mail.is_due(NOW + LEASE)


def test_a_mail_without_known_address_waits_and_is_hastened_when_it_is_known() -> None:
    waiting = mails.take(a_mail(), MINE, has_address=False, has_newer_code=False, now=NOW)
    assert waiting.state is State.CREATED
    assert not waiting.is_due(NOW + SECOND)
    assert waiting.attempts == 0
    assert mails.hasten(waiting).is_due(NOW + SECOND)
    assert mails.hasten(claimed(waiting)) == claimed(waiting)


def test_an_accepted_mail_is_sent_and_said_so() -> None:
    mail = claimed(a_mail())
    after, event = mails.finish(mail, Accepted(), NOW)
    assert after.state is State.SENT
    assert event == EmailSent(person_id=mail.person_id, email_id=mail.id, kind=mail.about.kind, sent_at=NOW)


def test_a_rejected_mail_has_failed_and_is_never_due_again() -> None:
    mail = claimed(a_mail())
    after, event = mails.finish(mail, Rejected("smtp-550"), NOW)
    assert after.state is State.FAILED
    assert isinstance(event, EmailFailed)
    assert event.reason == "smtp-550"
    assert not after.is_due(NOW + LEASE)


def test_a_delayed_mail_waits_twice_as_long_each_time_and_never_more_than_five_minutes() -> None:
    mail, waits, now = a_mail(), [], NOW
    for _ in range(10):
        mail, event = mails.finish(claimed(mail, now=now), Delayed(spread=1.0), now)
        assert event is None
        waits.append((mail.due_at - now).total_seconds())
        now = mail.due_at
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_mail_delayed_beyond_its_time_expires() -> None:
    mail = claimed(a_mail(AccountOpened(), code=a_code()))
    after, event = mails.finish(mail, Delayed(spread=1.0), NOW + CODE_LIFE)
    assert after.state is State.EXPIRED
    assert isinstance(event, EmailFailed)
    assert event.reason == "expired"


def test_a_mail_in_flight_is_not_overdue_but_one_whose_sender_died_is() -> None:
    mail = claimed(a_mail(AccountOpened(), code=a_code()), now=NOW + CODE_LIFE - SECOND)
    assert not mail.is_overdue(NOW + CODE_LIFE)
    assert mail.is_overdue(NOW + CODE_LIFE + LEASE)


def test_a_newer_code_supersedes_a_waiting_older_one_of_its_series_and_nothing_else() -> None:
    older = a_mail(AccountOpened(), code=a_code(1))
    assert mails.supersede(older, a_code(2), NOW).state is State.SUPERSEDED
    assert mails.supersede(older, a_code(1), NOW) is older
    assert mails.supersede(older, a_code(2, series=Series.VERIFICATION), NOW) is older
    in_flight = claimed(older)
    assert mails.supersede(in_flight, a_code(2), NOW) is in_flight
    without_code = a_mail()
    assert mails.supersede(without_code, a_code(2), NOW) is without_code


def test_an_older_code_whose_sending_was_interrupted_is_superseded_when_it_is_taken_again() -> None:
    older = claimed(a_mail(AccountOpened(), code=a_code(1)))
    again = mails.take(older, OTHERS, has_address=True, has_newer_code=True, now=NOW + LEASE)
    assert again.state is State.SUPERSEDED


@pytest.mark.parametrize("outcome", [Accepted(), Rejected("smtp-550"), Delayed(1.0)])
def test_a_sealed_code_is_kept_only_as_long_as_the_mail_may_be_sent(outcome: Outcome) -> None:
    mail = claimed(a_mail(AccountOpened(), code=a_code(7)))
    after, _ = mails.finish(mail, outcome, NOW)
    assert after.code is not None
    assert after.code.number == 7
    assert (after.code.sealed is None) is not after.state.is_open


@pytest.mark.parametrize("outcome", [Accepted(), Rejected("smtp-550"), Delayed(1.0)])
def test_an_own_address_is_kept_only_as_long_as_the_mail_may_be_sent(outcome: Outcome) -> None:
    after, _ = mails.finish(claimed(a_mail(to="lucie@exemple.invalid")), outcome, NOW)
    assert (after.to is None) is not after.state.is_open


def test_nothing_secret_is_in_the_text_of_a_mail() -> None:
    shown = repr(a_mail(AccountOpened(), code=a_code(), to="lucie@exemple.invalid"))
    assert "12345678" not in shown
    assert "lucie@" not in shown


def test_the_second_mail_of_an_event_always_has_the_same_id_of_its_own() -> None:
    assert mails.second_id("a") == mails.second_id("a")
    assert len({"a", "b", mails.second_id("a"), mails.second_id("b")}) == 4


OUTCOMES = st.one_of(
    st.just(Accepted()), st.just(Rejected("smtp-550")), st.builds(Delayed, st.floats(min_value=0.5, max_value=1.0))
)


@given(st.lists(st.tuples(OUTCOMES, st.integers(min_value=0, max_value=7200)), max_size=60), st.booleans())
def test_a_mail_ends_once_says_so_once_and_never_leaves_its_window(
    tries: list[tuple[Outcome, int]], with_code: bool
) -> None:
    mail = a_mail(AccountOpened(), code=a_code()) if with_code else a_mail()
    now, said = NOW, 0
    for outcome, pause in tries:
        now = max(now, mail.due_at) + timedelta(seconds=pause)
        if not mail.is_due(now):
            break
        mail, event = mails.finish(claimed(mail, now=now), outcome, now)
        said += event is not None
        assert now < mail.give_up_at
        assert mail.due_at - now <= LONGEST_WAIT or not mail.state.is_open
    assert said == (0 if mail.state.is_open else 1)
    assert (mail.claim is None) or mail.state is State.CLAIMED


def test_a_claim_taken_back_is_due_at_once() -> None:
    mail: Mail = mails.take_back(claimed(a_mail()), NOW)
    assert mail.state is State.CREATED
    assert mail.claim is None
    assert mail.due_at == AT_ONCE
    assert mail.attempts == 1
    assert but(mail, attempts=0).is_due(NOW)
