"""What the access log holds, and how it says it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.channel import Channel
from contracts.identity import LogInWay
from deploy.publish.events import events
from services.identity.domain.access_log import DECISIONS, NOTED, Entry, Position, What, Who, read_cursor
from services.identity.domain.access_texts import SENTENCES, label
from tests.unit.identity.fakes import LUCIE, NOW

NOT_NOTED = {
    "caisse.CareSettled.v1": "what it leads to is ReimbursementPaid",
    "notifications.EmailFailed.v1": "nobody did anything with the person's data",
}
LOG_IN = Entry(
    id=uuid4(),
    person_id=LUCIE,
    at=NOW,
    service="identity",
    what=What.LOGGED_IN,
    who=Who.SELF,
    expires_at=NOW,
    channel=Channel.APP,
    way=LogInWay.FRANCECONNECT,
)


def test_every_event_is_noted_or_has_a_reason_not_to_be() -> None:
    assert {event.type for event in NOTED} | set(NOT_NOTED) == set(events())


def test_everything_that_can_happen_is_noted_and_has_a_sentence() -> None:
    assert {what for what, _ in NOTED.values()} | set(DECISIONS.values()) == set(What) == set(SENTENCES)


@pytest.mark.parametrize(
    ("entry", "french", "english"),
    [
        (
            LOG_IN,
            "Connexion à votre compte par FranceConnect depuis l'application.",
            "Log-in to your account by FranceConnect in the app.",
        ),
        (
            replace(LOG_IN, way=LogInWay.CODE, channel=Channel.WEB, failed_attempts=3),
            "Connexion à votre compte par code depuis le site, après 3 codes faux.",
            "Log-in to your account by code on the website, after 3 wrong codes.",
        ),
        (
            replace(LOG_IN, way=LogInWay.PASSKEY, channel=None, failed_attempts=1),
            "Connexion à votre compte par clé d'accès, après un code faux.",
            "Log-in to your account with a passkey, after one wrong code.",
        ),
        (
            replace(LOG_IN, what=What.PAYMENTS_VIEWED, who=Who.AGENT, way=None, channel=None),
            "Consultation de vos paiements (un agent de votre caisse).",
            "Look at your payments (an agent of your caisse).",
        ),
        (
            replace(LOG_IN, what=What.REVIEW_DENIED, who=Who.AGENT, way=None, channel=None),
            "Constat que la personne venue par FranceConnect, ce n'est pas vous (un agent de votre caisse).",
            "Somebody who came by FranceConnect found not to be you (an agent of your caisse).",
        ),
    ],
)
def test_an_entry_is_one_sentence(entry: Entry, french: str, english: str) -> None:
    assert label(entry) == (french, english)


@given(st.integers(0, 4 * 10**12), st.uuids(), st.text(max_size=60))
def test_a_cursor_names_its_place_and_nothing_else_is_one(milliseconds: int, entry_id: UUID, other: str) -> None:
    place = Position(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds), entry_id)
    assert read_cursor(place.cursor) == place
    for text in (other, place.cursor + "=", place.cursor[:-1]):
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic shows any ValueError as the same refusal
            read_cursor(text)
