"""The profile over HTTP: another e-mail address, “ce n'est pas moi”, and who did what."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.auth import TokenSigner
from chassis.clock import now
from chassis.inbox import Inbox, Outcome, Record
from chassis.sealed import Sealer
from contracts.acting import Doer
from contracts.channel import Channel
from contracts.envelope import Envelope, encode
from contracts.identity import AccountFrozen, CodeReset, EmailChanged, EmailChangeRequested, SessionRevoked
from contracts.payments import PaymentsViewed
from contracts.sealed import Sealed
from services.identity import handlers
from services.identity.api import freezing
from services.identity.consumers import consumers
from services.identity.domain import email
from services.identity.domain.account import Account
from services.identity.domain.emails import EmailTaken
from services.identity.handlers import Store
from services.identity.store import MongoStore
from tests.integration.identity.device import FORM, NIR, SECRETS, Client, bare, events, last
from tests.unit.identity.fakes import LUCIE, MARC, NOW, RULES
from tests.unit.identity.scenarios import emails
from tests.unit.identity.scene import Scene

NEW = {"email": "new@exemple.invalid", "current_code": "7294"}
DAYS_7 = 7 * 24 * 3600


def mailed(sealed: Sealed | None) -> str:
    """What notifications reads."""
    assert sealed is not None
    reader = SECRETS["notifications"]
    return Sealer(reader["sealing_jwks"], reader["sealing_key"]).open(sealed)


async def mailed_token(client: Client) -> str:
    return mailed((await last(client.app, EmailChangeRequested)).token)


def link(mail: str = "mail", *, person: UUID = LUCIE, kind: str = "not-me+jwt", key: str = "", **but: Any) -> str:
    """The token of a link “ce n'est pas moi”, as notifications signs it."""
    signer = TokenSigner(key or SECRETS["notifications"]["freeze_key"], issuer="notifications", kind=kind)
    claims: dict[str, object] = {"sub": str(person), "jti": mail}
    return signer.sign(claims, **{"audience": "identity", "life": DAYS_7, **but})


async def test_an_address_is_changed_once_it_is_validated(client: Client) -> None:
    await client.open_account()
    asked = await client.call("PUT", "/me/email", NEW)
    assert (asked.status_code, set(asked.json())) == (202, {"message", "spam_hint"})
    assert mailed((await last(client.app, EmailChangeRequested)).new_email) == NEW["email"]
    profile = (await client.call("GET", "/me")).json()
    assert (profile["email"], profile["pending_email"]) == ("l***@exemple.invalid", "n***@exemple.invalid")

    token = await mailed_token(client)
    anybody = Client(client.http, client.app)
    answer = await anybody.call("POST", "/email-validations", {"token": token})
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert mailed((await last(client.app, EmailChanged)).email) == NEW["email"]
    profile = (await client.call("GET", "/me")).json()
    assert (profile["email"], profile["pending_email"]) == ("n***@exemple.invalid", None)

    again = await anybody.call("POST", "/email-validations", {"token": token})
    wrong = await anybody.call("POST", "/email-validations", {"token": "x" * 43})
    assert bare(again) == bare(wrong)
    assert (again.status_code, again.json()["type"]) == (410, "/problems/link-expired")
    assert "Mes informations" in again.json()["detail"]


async def test_the_answer_never_tells_whose_an_address_is(client: Client) -> None:
    await client.open_account()
    await client.app.state.work(hold, "marc@exemple.invalid")
    answers = [
        await client.call("PUT", "/me/email", {**NEW, "email": address})
        for address in ("new@exemple.invalid", "marc@exemple.invalid", "lucie@exemple.invalid")
    ]
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert "x-read-after" not in answers[0].headers
    asked = [event for event in await events(client.app) if isinstance(event, EmailChangeRequested)]
    assert [event.token is None for event in asked] == [False, True]


async def test_a_change_needs_the_current_code_and_three_a_day_are_enough(client: Client) -> None:
    await client.open_account()
    for body, code in (({"email": NEW["email"]}, "missing"), ({**NEW, "current_code": "9999"}, "wrong-code")):
        refused = await client.call("PUT", "/me/email", body)
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["pointer"], error["code"]) == (422, "/current_code", code)
    sent = [(await client.call("PUT", "/me/email", NEW)).status_code for _ in range(4)]
    assert sent == [202, 202, 202, 429]


async def test_of_two_accounts_that_validate_one_address_at_once_one_gets_it(client: Client) -> None:
    scene = Scene(client.app.state.work, partial(events, client.app))
    await client.open_account()
    await client.call("PUT", "/me/email", NEW)
    token = client.app.state.parts.tokens.hash(await mailed_token(client))
    await client.app.state.work(hold, "marc@exemple.invalid")
    await client.app.state.work(ask, NEW["email"])
    done = await asyncio.gather(
        emails.validate(scene, token, now=now()), emails.validate(scene, "marc's", now=now()), return_exceptions=True
    )
    assert [isinstance(each, EmailTaken) for each in done].count(True) == 1
    assert done.count(None) == 1
    assert (await scene.told()).count("EmailChanged") == 1


async def test_a_link_of_a_mail_freezes_the_account(client: Client) -> None:
    await client.open_account()
    stranger = Client(client.http, client.app)
    for _ in range(2):
        answer = await stranger.call("POST", "/account-freezes", {"token": link()})
        assert (answer.status_code, len(answer.json()["next_steps"])) == (200, len(freezing.NEXT_STEPS))
        assert "bloqué" in answer.json()["message"]
    assert [type(event) for event in await events(client.app)].count(AccountFrozen) == 1
    revoked = await last(client.app, SessionRevoked)
    assert str(client.session["session_id"]) in map(str, revoked.session_ids)
    assert (await client.refresh()).status_code == 401
    assert (await stranger.log_in("7294")).status_code == 401
    await stranger.call("POST", "/code-resets", {"nir": NIR, "birth_date": FORM["birth_date"]})
    assert (await stranger.log_in(await stranger.mailed_code(CodeReset))).status_code == 200
    expired = await stranger.call("POST", "/account-freezes", {"token": link()})
    assert (expired.status_code, expired.json()["type"]) == (410, "/problems/link-expired")
    assert "36 46" in expired.json()["detail"]


async def test_a_link_that_notifications_did_not_sign_freezes_nothing(client: Client) -> None:
    await client.open_account()
    forged = [
        link(key=SECRETS["gateway"]["internal_key"]),
        link(kind="internal+jwt"),
        link(audience="gateway"),
        link(life=-10),
        link(person=MARC),
        link()[:-4] + "AAAA",
        "x" * 40,
    ]
    answers = [await client.call("POST", "/account-freezes", {"token": token}) for token in forged]
    assert {answer.status_code for answer in answers} == {410}
    assert len({str(bare(answer)) for answer in answers}) == 1
    assert AccountFrozen not in {type(event) for event in await events(client.app)}


@pytest.mark.parametrize("path", ["/email-validations", "/account-freezes"])
@pytest.mark.parametrize("body", [b"{", b"{}", b'{"token": {"$ne": null}}', b'{"token": "a\\u0000"}', b'{"token": ""}'])
async def test_a_malformed_link_is_refused_without_being_quoted(client: Client, path: str, body: bytes) -> None:
    answer = await client.call("POST", path, body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_profile_shows_the_log_in_before_and_what_failed_since(client: Client) -> None:
    await client.open_account()
    profile = (await client.call("GET", "/me")).json()
    assert (profile["previous_log_in"], profile["failed_attempts_since"]) == (None, 0)
    assert (profile["franceconnect_linked"], profile["passkeys"], profile["devices"]) == (False, 0, 1)
    assert await client.app.state.service.database["accounts"].update({"_id": str(LUCIE)}, {"$set": BEFORE}) == 1
    profile = (await client.call("GET", "/me")).json()
    assert profile["previous_log_in"] == {"at": "2026-11-24T09:00:00Z", "channel": "app", "way": "passkey"}
    assert profile["failed_attempts_since"] == 2
    assert {"nir", "iban"}.isdisjoint(profile)


BEFORE = {"previous_log_in": {"at": NOW, "channel": "app", "way": "passkey"}, "failed_before": 2}


async def test_the_access_log_is_fed_by_identity_and_by_the_other_services(client: Client) -> None:
    await client.open_account()
    inbox = await empty_inbox(client)
    rows = await client.app.state.service.database["outbox"].find({}, sort=("_id",))
    for row in rows:
        assert await inbox.receive(Record("identity.events", 0, 0, row["key"], row["value"])) is Outcome.DONE
    viewed = PaymentsViewed(person_id=LUCIE, session_id=uuid4(), channel=Channel.WEB, viewer=Doer.SELF, viewed_at=NOW)
    assert await inbox.receive(told_by("payments", viewed)) is Outcome.DONE
    log = (await client.call("GET", "/me/access-log")).json()
    assert log["next_cursor"] is None
    assert {"account-created", "logged-in", "code-chosen", "payments-viewed"} <= {
        each["what"] for each in log["entries"]
    }
    [look] = [each for each in log["entries"] if each["service"] == "payments"]
    assert (look["who"], look["label"]) == ("self", "Consultation de vos paiements depuis le site.")
    english = (await client.call("GET", "/me/access-log", accept_language="en")).json()["entries"]
    assert "Look at your payments on the website." in {each["label"] for each in english}
    stranger = Client(client.http, client.app, dict(client.session), MARC)
    assert (await stranger.call("GET", "/me/access-log")).json() == {"entries": [], "next_cursor": None}


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "MjAyNnw=", "OTk5OTk5OTk5OTk5OTk5OTk5OTl8eA==", "a" * 200, "%7B%22$ne%22:1%7D"]
)
async def test_a_wrong_cursor_is_refused(client: Client, cursor: str) -> None:
    await client.open_account()
    answer = await client.call("GET", f"/me/access-log?cursor={cursor}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/cursor")


async def hold(address: str, store: Store) -> None:
    """Marc has an account with this address."""
    account = Account(person_id=MARC, created_at=NOW, email_validated_at=NOW)
    await store.save_account(account, email=email.parse(address))


async def ask(address: str, store: Store) -> None:
    """Marc asks for this address."""
    await handlers.request_email(MARC, emails.proposed(address, "marc's"), now(), store)


async def empty_inbox(client: Client) -> Inbox[Store]:
    service = client.app.state.service
    for name in ("inbox", "watermarks"):
        await service.database[name].delete({})
    store = partial(MongoStore, cipher=service.cipher, parameters=RULES)
    return Inbox(consumers, client.app.state.work, store, service.cipher)


def told_by(service: str, event: PaymentsViewed) -> Record:
    envelope = Envelope(
        id=str(uuid4()),
        type=event.type,
        source=f"/compte/{service}",
        subject=str(event.session_id),
        key=str(event.person_id),
        time=now(),
        data=event.model_dump(mode="json"),
        sequence=1,
    )
    return Record(event.topic, 0, 0, envelope.key, encode(envelope))
