"""Whose reports on mails are believed, and what a report changes."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.notifications import EmailFailed
from contracts.problems import NotFound
from services.notifications.api import MailReport
from services.notifications.domain import mails, reports
from services.notifications.domain.contacts import Contact, addressee
from services.notifications.domain.mails import Accepted, Delayed, Mail, Rejected, State
from services.notifications.domain.reasons import AccountOpened
from services.notifications.domain.reports import Report
from services.notifications.reports import FRESH, ReportKey, ReportRefused
from tests.unit.notifications.builders import (
    CODE_LIFE,
    MINE,
    NOW,
    OTHERS,
    REPORT_KEY,
    a_code,
    a_mail,
    claimed,
    signature,
)

BODY = b'{"message_id": "<a@exemple.invalid>", "kind": "bounce"}'
SECOND = timedelta(seconds=1)
PERMANENT = [(Report.BOUNCE, State.BOUNCED), (Report.COMPLAINT, State.COMPLAINED)]


def believed(signed: str | None, body: bytes = BODY, key: str | None = REPORT_KEY) -> bool:
    """Whether a report with this signature is taken now."""
    try:
        ReportKey(key).check(signed, body, NOW)
    except ReportRefused:
        return False
    return True


@pytest.mark.parametrize("away", [-FRESH, -SECOND, timedelta(), SECOND, FRESH])
def test_a_report_signed_with_the_key_within_five_minutes_is_believed(away: timedelta) -> None:
    assert believed(signature(BODY, NOW + away))
    assert not believed(signature(BODY, NOW + away + (FRESH + SECOND) * (1 if away >= timedelta() else -1)))


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_a_signature_is_good_for_its_own_body_alone(signed: bytes, sent: bytes) -> None:
    assert believed(signature(signed), sent) is (signed == sent)


def test_a_signature_is_good_for_its_own_instant_and_key_alone() -> None:
    later = signature(BODY).replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 1}")
    assert not believed(later)
    assert not believed(signature(BODY, key="k" * 32))
    moved = hmac.new(REPORT_KEY.encode(), f"{int(NOW.timestamp())}".encode() + BODY, hashlib.sha256).hexdigest()
    assert not believed(f"t={int(NOW.timestamp())},v1={moved}")


@pytest.mark.parametrize(
    "wrong", [None, "", "t=,v1=", "v1=" + "0" * 64, "t=1", "t=1,v1=é", "t=-1,v1=" + "0" * 64, "t=" + "9" * 400]
)
def test_what_is_no_signature_is_refused_as_a_wrong_one(wrong: str | None) -> None:
    assert not believed(wrong)
    assert not believed(f"{signature(BODY)}\n")
    assert not believed(signature(BODY).upper())


def test_without_a_key_there_is_nothing_to_report_to() -> None:
    with pytest.raises(NotFound):
        ReportKey(None).check(signature(BODY), BODY, NOW)
    with pytest.raises(NotFound):
        ReportKey("").check(signature(BODY, key=""), BODY, NOW)


@pytest.mark.parametrize("written", ["<0190a000-0000-7000-8000-000000000001@exemple.invalid>", "0190a000@x.invalid"])
def test_a_message_id_names_the_mail_by_what_stands_before_the_at(written: str) -> None:
    report = MailReport.model_validate({"message_id": written, "kind": "delay"})
    assert report.message_id == written.strip("<>").partition("@")[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_id": "no-domain", "kind": "bounce"},
        {"message_id": "<a@b> <c@d>", "kind": "bounce"},
        {"message_id": "<a@exemple.invalid>", "kind": "read"},
        {"message_id": "<a@exemple.invalid>", "kind": "bounce", "recipient": "lucie@exemple.invalid"},
    ],
)
def test_a_report_has_no_place_for_an_address(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        MailReport.model_validate(wrong)


def sent() -> Mail:
    """A mail that the server accepted."""
    return mails.finish(claimed(a_mail()), Accepted(), NOW)[0]


@pytest.mark.parametrize(("told", "state"), PERMANENT)
def test_a_mail_that_came_back_or_was_complained_about_has_failed_once(told: Report, state: State) -> None:
    after, event = reports.report(sent(), told, NOW + SECOND)
    assert (after.state, after.at) == (state, NOW + SECOND)
    assert isinstance(event, EmailFailed)
    assert (event.reason, event.email_id, event.failed_at) == (told, after.id, NOW + SECOND)
    for again in Report:
        assert reports.report(after, again, NOW + 2 * SECOND) == (after, None)


@pytest.mark.parametrize(("told", "state"), PERMANENT)
def test_a_report_that_is_faster_than_the_record_of_the_sending_counts(told: Report, state: State) -> None:
    in_flight = claimed(a_mail(AccountOpened(), code=a_code(), to="lucie@exemple.invalid"))
    unanswered, _ = mails.finish(in_flight, Delayed(1.0), NOW)
    expired, _ = mails.expire(unanswered, NOW + CODE_LIFE)
    for mail in (in_flight, unanswered, expired):
        after, event = reports.report(mail, told, NOW)
        assert after.state is state
        assert event is not None
        assert not after.is_held_by(MINE.token)
        assert (after.to, after.code and after.code.sealed) == (None, None)


def test_a_delay_is_recorded_once_and_changes_nothing_else() -> None:
    mail = sent()
    late, event = reports.report(mail, Report.DELAY, NOW + SECOND)
    assert (late.state, late.delayed_at, event) == (State.SENT, NOW + SECOND, None)
    assert reports.report(late, Report.DELAY, NOW + 2 * SECOND) == (late, None)
    assert reports.report(late, Report.BOUNCE, NOW + 2 * SECOND)[0].state is State.BOUNCED


@pytest.mark.parametrize("told", Report)
def test_a_mail_that_nobody_was_offered_or_that_was_refused_is_not_reported_on(told: Report) -> None:
    refused, _ = mails.finish(claimed(a_mail()), Rejected("smtp-550"), NOW)
    for mail in (a_mail(), refused):
        assert reports.report(mail, told, NOW) == (mail, None)


@given(st.lists(st.sampled_from([*Report, "accepted", "delayed", "taken"]), max_size=12))
def test_whatever_is_reported_and_recorded_in_whatever_order_a_failure_is_said_once(news: list[Report | str]) -> None:
    mail, said, failed = a_mail(), 0, 0
    for each in news:
        before = mail
        if isinstance(each, Report):
            mail, event = reports.report(mail, each, NOW)
        elif each == "taken":
            mail, event = (claimed(mail) if mail.is_due(NOW) else mail), None
        elif mail.is_held_by(MINE.token):
            mail, event = mails.finish(mail, Accepted() if each == "accepted" else Delayed(1.0), NOW)  # type: ignore[assignment]
            if mail.state is State.CREATED:
                mail = mails.hasten(mail)
        else:
            event = None
        said += event is not None
        failed += isinstance(event, EmailFailed)
        assert event is None or before != mail
    assert failed == (mail.state in {State.BOUNCED, State.COMPLAINED})
    assert said <= 2


def test_a_failure_says_since_when_its_address_was_the_accounts() -> None:
    here = Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid", 1, 1, NOW)
    for mail, since in (
        (a_mail(), NOW),
        (a_mail(to="other@exemple.invalid"), None),
        (
            mails.write(
                "a",
                a_mail().person_id,
                AccountOpened(),
                code=None,
                to="x@x.invalid",
                traceparent=None,
                told_at=NOW,
                now=NOW,
                address_since=NOW - SECOND,
            ),
            NOW - SECOND,
        ),
    ):
        found = addressee(mail, here)
        assert found is not None
        assert found.since == since


def test_two_tries_at_two_addresses_accuse_neither() -> None:
    def tried(mail: Mail, since: object, claim: mails.Claim) -> Mail:
        return mails.take(mail, claim, has_address=True, has_newer_code=False, now=NOW, address_since=since)  # type: ignore[arg-type]

    once = tried(a_mail(), NOW - SECOND, MINE)
    assert tried(once, NOW - SECOND, OTHERS).address_since == NOW - SECOND
    moved = tried(once, NOW, OTHERS)
    assert moved.address_since is None
    assert tried(moved, NOW, MINE).address_since is None
