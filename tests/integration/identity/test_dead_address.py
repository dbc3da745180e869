"""An address that takes no mail: who is told, and what everybody else sees of it."""

from datetime import datetime
from uuid import uuid4

from chassis.clock import now
from chassis.inbox import Inbox, Outcome, Record
from contracts.envelope import Envelope, encode
from contracts.identity import CodeReset, EmailFoundDead
from contracts.notifications import EmailFailed, EmailKind
from services.identity.consumers import consumers
from services.identity.handlers import Store
from tests.integration.identity.device import FORM, NIR, STRANGER, Client, bare, events
from tests.unit.identity.fakes import LUCIE

ASKED = {"nir": NIR, "birth_date": FORM["birth_date"]}


async def created_at(client: Client) -> datetime:
    """Since when Lucie's address is her account's."""

    async def find(_: None, store: Store) -> datetime:
        account = await store.account(LUCIE)
        assert account
        return account.created_at

    found: datetime = await client.app.state.work.read(find, None)
    return found


async def come_back(client: Client) -> None:
    """A mail to Lucie comes back, as notifications tells it."""
    event = EmailFailed(
        person_id=LUCIE,
        email_id=str(uuid4()),
        kind=EmailKind.CODE_CHOSEN,
        reason="bounce",
        failed_at=now(),
        address_since=await created_at(client),
    )
    envelope = Envelope(
        id=str(uuid4()),
        type=event.type,
        source="/compte/notifications",
        subject=event.email_id,
        key=str(LUCIE),
        time=now(),
        data=event.model_dump(mode="json"),
        sequence=1,
    )
    state = client.app.state
    inbox = Inbox(consumers, state.work, state.work._store, state.service.cipher)
    for name in ("inbox", "watermarks"):
        await state.service.database[name].delete({})
    assert await inbox.receive(Record(event.topic, 0, 0, envelope.key, encode(envelope))) is Outcome.DONE


async def test_the_owner_is_sent_to_the_own_caisse_on_a_known_device_and_strangers_see_no_difference(
    client: Client,
) -> None:
    await client.open_account()
    before = bare(await client.another().call("POST", "/code-resets", ASKED))
    await come_back(client)
    strangers = [
        bare(await client.another().call("POST", "/code-resets", body))
        for body in (ASKED, {**ASKED, "device_token": "not one of ours"}, {**ASKED, "nir": STRANGER})
    ]
    assert strangers == [before] * 3
    owners = await client.call("POST", "/code-resets", {**ASKED, "device_token": client.device})
    status, headers, body = bare(owners)
    assert (status, headers) == before[:2]
    assert body.keys() == before[2].keys()
    assert (body["caisse"], before[2]["caisse"]) == ("29", None)
    assert "Contactez votre caisse" in body["message"]
    assert "vient d'y être envoyé" not in body["message"]
    other = await client.call("POST", "/code-resets", {**ASKED, "nir": STRANGER, "device_token": client.device})
    assert bare(other) == before
    assert sum(isinstance(event, CodeReset) for event in await events(client.app)) == 3


async def test_the_profile_says_since_when_no_mail_arrives_and_what_to_do(client: Client) -> None:
    await client.open_account()
    fine = (await client.call("GET", "/me")).json()
    await come_back(client)
    dead = (await client.call("GET", "/me")).json()
    english = (await client.call("GET", "/me", accept_language="en")).json()
    assert (fine["email_dead_since"], fine["email_advice"]) == (None, None)
    assert dead["email_dead_since"] is not None
    assert "caisse" in dead["email_advice"]
    assert english["email_advice"].startswith("This address")
    assert dead["email"] == fine["email"]
    assert sum(isinstance(event, EmailFoundDead) for event in await events(client.app)) == 1


async def test_a_log_in_elsewhere_is_answered_as_if_mails_arrived(client: Client) -> None:
    await client.open_account()
    fine = (await client.another().log_in("7294")).json()
    await come_back(client)
    dead = (await client.another().log_in("7294")).json()
    assert {**dead, "challenge_id": "", "expires_in": 0} == {**fine, "challenge_id": "", "expires_in": 0}
