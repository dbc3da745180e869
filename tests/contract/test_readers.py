"""Every event is read by somebody who can read its example, and writes a message or says why it does not."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chassis.consumers import Consumers
from contracts.envelope import decode
from deploy.publish.events import events

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
GROUPS = ("identity", "payments", "procedures", "notifications", "gateway")
WITHOUT_A_MAIL = {
    "caisse.CareSettled.v1": "what it leads to is ReimbursementPaid",
    "identity.AccountClosed.v1": "nobody ever proved to read the address, which is forgotten",
    "identity.CaisseChanged.v1": "the person told the caisse of the move; the home page and the access log show it",
    "identity.NameChanged.v1": "the person gave the caisse the name; the next mail and the home page use it",
    "identity.EmailValidated.v1": "the person has just used the code that was mailed",
    "notifications.EmailSent.v1": "it is the mail",
    "notifications.EmailFailed.v1": "a mail cannot tell that mails fail; the home page does",
    "payments.PaymentsViewed.v1": "the access log shows it",
    "payments.ReimbursementPaid.v1": "shown on the home page; a digest by mail is a preference that does not exist yet",
    "procedures.RequestsViewed.v1": "the access log shows it",
}
HEARD_WITHOUT_A_MAIL = {"identity.AccountClosed.v1", "identity.NameChanged.v1"}


def consumers_of(group: str) -> Consumers[Any]:
    found: Consumers[Any] = import_module(f"services.{group}.consumers").consumers
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_reads_the_example_of_every_event_it_reacts_to(group: str) -> None:
    for name, (event, _) in consumers_of(group).reactions.items():
        envelope = decode((EXAMPLES / f"{name}.json").read_bytes())
        newer = {**envelope.data, "field_of_a_newer_version": True}
        assert json.loads(event.read(newer).model_dump_json()) == envelope.data


@pytest.mark.parametrize("name", events())
def test_every_event_has_a_reader(name: str) -> None:
    assert [group for group in GROUPS if consumers_of(group).reaction(name)]


@pytest.mark.parametrize("name", events())
def test_every_event_has_a_mail_or_a_reason_for_none(name: str) -> None:
    mailed = name not in HEARD_WITHOUT_A_MAIL and consumers_of("notifications").reaction(name) is not None
    assert mailed != (name in WITHOUT_A_MAIL)
