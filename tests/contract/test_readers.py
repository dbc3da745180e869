"""Every event is read by somebody who can read its example, and writes a message or says why it does not."""

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.consumers import Consumers
from contracts.envelope import decode
from contracts.event import EVENT_TYPES
from deploy.publish.events import events
from services.gateway.consumers import update_home
from services.gateway.domain.home import Home, apply
from services.identity.consumers import note_access

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
GROUPS = ("identity", "payments", "procedures", "notifications", "gateway")
WITHOUT_A_MAIL = {
    "caisse.CareSettled.v1": "what it leads to is ReimbursementPaid",
    "identity.CaisseChanged.v1": "the person told the caisse of the move; the home page and the access log show it",
    "identity.NameChanged.v1": "the person gave the caisse the name; the next mail and the home page use it",
    "identity.EmailFoundDead.v1": "no mail arrives there; the home page and the profile say so",
    "identity.EmailValidated.v1": "the person has just used the code that was mailed",
    "identity.ProfileViewed.v1": "the access log shows it",
    "identity.ReviewDecided.v1": "what it opens is told by FranceConnectLinked; the access log shows it",
    "identity.ReviewRead.v1": "the access log shows it",
    "notifications.EmailSent.v1": "it is the mail",
    "notifications.EmailFailed.v1": "a mail cannot tell that mails fail; the home page does",
    "payments.PaymentsViewed.v1": "the access log shows it",
    "payments.ReimbursementPaid.v1": "shown on the home page; a digest by mail is a preference that does not exist yet",
    "procedures.RequestsViewed.v1": "the access log shows it",
}
HEARD_WITHOUT_A_MAIL = {"identity.NameChanged.v1"}
# What the access log alone reads; the home page counts where it is changed, and not only marked as seen.
FOR_THE_ACCESS_LOG = {
    "identity.ProfileViewed.v1": "it is said for the access log, which is who looked",
    "identity.ReviewDecided.v1": "it is said for the access log; what it opens is told by FranceConnectLinked",
    "identity.ReviewRead.v1": "it is said for the access log, which is who looked",
    "payments.PaymentsViewed.v1": "it is said for the access log, which is who looked",
    "procedures.RequestsViewed.v1": "it is said for the access log, which is who looked",
}
# Who keeps a copy of what an event tells hears what changes it, or needs no such thing.
CHANGED_BY = {
    "identity.AccountCreated.v1": (
        "identity.CaisseChanged.v1",
        "identity.NameChanged.v1",
        "identity.AccountClosed.v1",
    ),
    "identity.EmailChanged.v1": ("identity.AccountReopened.v1", "identity.AccountClosed.v1"),
    "identity.CodeChosen.v1": ("identity.AccountFrozen.v1", "identity.AccountClosed.v1"),
}
UNCHANGED = {
    ("notifications", "identity.CaisseChanged.v1"): "it keeps name and address, and no mail names a caisse",
    ("procedures", "identity.NameChanged.v1"): "no rule there reads the name",
    ("procedures", "identity.AccountClosed.v1"): "requests are the person's, who may come back under the same name",
}


def consumers_of(group: str) -> Consumers[Any]:
    found: Consumers[Any] = import_module(f"services.{group}.consumers").consumers
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_reads_the_example_of_every_event_it_reacts_to(group: str) -> None:
    for name, (event, _) in consumers_of(group).reactions.items():
        envelope = decode((EXAMPLES / f"{name}.json").read_bytes())
        newer = {**envelope.data, "field_of_a_newer_version": True}
        assert json.loads(event.read(newer).model_dump_json()) == envelope.data


def changes_home(name: str) -> bool:
    """Whether the home page says something else after the example of this event."""
    envelope, blank = decode((EXAMPLES / f"{name}.json").read_bytes()), Home(UUID(int=0))
    event = EVENT_TYPES[name].read(envelope.data)
    after = apply(blank, event, source="any", sequence=1, time=envelope.time)
    return replace(after, seen=blank.seen, as_of=blank.as_of) != blank


def acts_on(group: str, name: str) -> bool:
    """Whether a group does something with an event, beyond noting it or marking it as seen."""
    known = consumers_of(group).reaction(name)
    if known is None or known[1] is note_access:
        return False
    return known[1] is not update_home or changes_home(name)


@pytest.mark.parametrize("name", events())
def test_every_event_has_a_reader_beside_the_access_log_or_a_reason_for_none(name: str) -> None:
    assert any(acts_on(group, name) for group in GROUPS) != (name in FOR_THE_ACCESS_LOG)
    assert [group for group in GROUPS if consumers_of(group).reaction(name)]


@pytest.mark.parametrize("group", GROUPS)
def test_whoever_keeps_a_copy_hears_what_changes_it_or_has_a_reason_not_to(group: str) -> None:
    for name, changes in CHANGED_BY.items():
        for each in changes if acts_on(group, name) else ():
            assert acts_on(group, each) != ((group, each) in UNCHANGED), each


@pytest.mark.parametrize("name", events())
def test_every_event_has_a_mail_or_a_reason_for_none(name: str) -> None:
    mailed = name not in HEARD_WITHOUT_A_MAIL and consumers_of("notifications").reaction(name) is not None
    assert mailed != (name in WITHOUT_A_MAIL)
