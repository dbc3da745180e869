"""Which mails that reach nobody show that the account's address takes none."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import EmailFoundDead
from services.identity.domain import reach
from services.identity.domain.reach import FailedMail
from tests.unit.identity.fakes import LUCIE, NOW, an_account

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("reason", ["bounce", "complaint", "invalid-address", "smtp-550", "smtp-553", "smtp-556"])
def test_what_is_wrong_with_the_address_condemns_it(reason: str) -> None:
    after, [event] = reach.mail_failed(an_account(), FailedMail(reason, NOW, NOW + HOUR))
    assert after.email_dead_since == NOW + HOUR
    assert event == EmailFoundDead(person_id=LUCIE, found_at=NOW + HOUR)


@pytest.mark.parametrize("reason", ["expired", "delay", "smtp-552", "smtp-554", "smtp-530", "smtp-450", "a newer word"])
def test_what_may_be_wrong_with_the_mail_or_with_us_does_not(reason: str) -> None:
    account = an_account()
    assert reach.mail_failed(account, FailedMail(reason, NOW, NOW + HOUR)) == (account, [])


INSTANTS = st.integers(0, 6).map(lambda hours: NOW + hours * HOUR)


@given(
    created=INSTANTS, changed=st.none() | INSTANTS, read=st.none() | INSTANTS, since=st.none() | INSTANTS, at=INSTANTS
)
def test_only_a_mail_to_the_present_address_later_than_every_proof_of_reading_condemns_it(
    created: datetime, changed: datetime | None, read: datetime | None, since: datetime | None, at: datetime
) -> None:
    account = an_account(created_at=created, email_changed_at=changed, email_validated_at=read)
    after, events = reach.mail_failed(account, FailedMail("bounce", since, at))
    condemned = since == (changed or created) and (read is None or read < at)
    assert (after.email_dead_since is not None) is bool(events) is condemned


def test_a_code_that_was_read_revives_a_dead_address_and_says_so_and_a_living_one_says_nothing() -> None:
    dead = an_account(email_dead_since=NOW)
    alive, [validated] = reach.mail_read(dead, NOW + HOUR)
    assert (alive.email_dead_since, alive.email_validated_at, validated.person_id) == (None, NOW + HOUR, LUCIE)
    assert reach.mail_read(alive, NOW + 2 * HOUR)[1] == []
