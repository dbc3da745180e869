"""The promises of the use cases on the real store, and what only a real store can show."""

import asyncio
from uuid import uuid4

import pytest

from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Accepted, Claim, Mail, State
from services.notifications.domain.reasons import AccountOpened
from services.notifications.handlers import sending
from services.notifications.handlers.ports import Store
from tests.integration.notifications.parts import Parts, a_person
from tests.unit.notifications.builders import NOW, a_code
from tests.unit.notifications.scenarios import SCENARIOS, Scenario
from tests.unit.notifications.scenarios.world import claim, contact, finish, write


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_the_use_cases_keep_their_promises(scenario: Scenario, parts: Parts) -> None:
    await scenario(parts)


async def test_of_twenty_claims_at_once_one_wins(parts: Parts) -> None:
    mail_id = await write(parts, await a_person(parts, "lucie@exemple.invalid"))
    claims = [Claim(str(number), f"process-{number}") for number in range(20)]
    taken = await asyncio.gather(*(claim(parts, mail_id, each) for each in claims))
    assert sum(each is not None for each in taken) == 1


async def test_neither_address_nor_code_is_stored_in_clear(parts: Parts) -> None:
    person = await a_person(parts, "canary@exemple.invalid")
    code = a_code(closed=parts.seal("48151623"))
    mail_id = await write(parts, person, AccountOpened(), code, to="canary@exemple.invalid")
    rows = str(await parts.service.database["contacts"].find({})) + str(await parts.service.database["mails"].find({}))
    assert "canary" not in rows
    assert "48151623" not in rows
    row = await parts.service.database["mails"].find_one({"_id": mail_id})
    assert row is not None
    assert row["code"]["sealed"] is not None


@pytest.mark.parametrize("ends", [True, False])
async def test_only_a_mail_that_is_over_is_cleaned_up_and_has_lost_its_code(parts: Parts, ends: bool) -> None:
    person = await a_person(parts, "lucie@exemple.invalid")
    mail_id = await write(parts, person, AccountOpened(), a_code(closed=parts.seal("12345678")))
    await claim(parts, mail_id)
    if ends:
        assert await finish(parts, mail_id, Accepted()) is State.SENT
    row = await parts.service.database["mails"].find_one({"_id": mail_id})
    assert row is not None
    assert ("ended_at" in row) is ends
    assert row["open"] is not ends
    assert (row["code"]["sealed"] is None) is ends


async def test_an_event_that_cannot_be_said_leaves_the_mail_as_it_was(parts: Parts) -> None:
    mail_id = await write(parts, await a_person(parts, "lucie@exemple.invalid"))
    await claim(parts, mail_id)

    async def finish_and_fail(command: sending.FinishSending, store: Store) -> None:
        await sending.finish_sending(command, store)
        raise RuntimeError("the transaction does not end well")

    with pytest.raises(RuntimeError):
        await parts.work(finish_and_fail, sending.FinishSending(mail_id, "token-1", Accepted(), NOW))
    mail = await parts.mail(mail_id)
    assert mail is not None
    assert mail.state is State.CLAIMED
    assert mail_id not in {getattr(event, "email_id", "") for event in await parts.said()}


async def test_a_contact_of_an_earlier_version_can_still_be_read(parts: Parts) -> None:
    person, email = uuid4(), await parts.service.cipher.encrypt("lucie@exemple.invalid")
    kept = {"_id": str(person), "first_name": "Lucie", "last_name": "EXEMPLE", "email": email}
    await parts.service.database["contacts"].insert(kept)
    assert await contact(parts, person) == Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid")


async def test_a_mail_of_an_earlier_version_can_still_be_sent(parts: Parts) -> None:
    mail_id = await write(parts, await a_person(parts, "lucie@exemple.invalid"), AccountOpened(), a_code())
    changes = {"$unset": {"code.series": "", "to": ""}}
    await parts.service.database["mails"].update({"_id": mail_id}, changes)
    mail = await parts.mail(mail_id)
    assert isinstance(mail, Mail)
    assert (mail.code, mail.to) == (a_code(), None)


async def test_an_unknown_mail_is_nobodys(parts: Parts) -> None:
    assert await claim(parts, str(uuid4())) is None
    assert await finish(parts, str(uuid4()), Accepted()) is None
