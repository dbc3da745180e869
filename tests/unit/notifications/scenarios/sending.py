"""Mails on their way."""

from datetime import timedelta
from uuid import uuid4

from contracts.channel import Channel
from contracts.identity import ResetReason
from contracts.notifications import EmailFailed, EmailSent
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import (
    LEASE,
    WINDOW,
    Accepted,
    Claim,
    Delayed,
    Rejected,
    Series,
    State,
)
from services.notifications.domain.reasons import (
    AccountOpened,
    CodeRenewed,
    DeviceDoubted,
)
from services.notifications.handlers import sending, writing
from tests.unit.notifications.builders import CODE_LIFE, MINE, NOW, OTHERS, REASONS, a_code
from tests.unit.notifications.scenarios.world import (
    ADDRESS,
    World,
    claim,
    due,
    finish,
    know,
    state,
    write,
)


async def every_reason_survives_being_stored(world: World) -> None:
    for about in REASONS:
        mail_id = await write(world, uuid4(), about, a_code(), traceparent="00-1-2-01")
        mail = await world.mail(mail_id)
        assert mail is not None
        assert (mail.about, mail.code, mail.traceparent, mail.created_at) == (about, a_code(), "00-1-2-01", NOW)


async def a_mail_is_claimed_with_its_contact_sent_and_said(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    assert mail_id in await due(world)
    taken = await claim(world, mail_id)
    assert taken is not None
    assert taken.addressee == Addressee("Lucie", "EXEMPLE", ADDRESS, NOW)
    assert mail_id not in await due(world)
    assert await finish(world, mail_id, Accepted()) is State.SENT
    [event] = [each for each in await world.said() if each.person_id == person]
    assert isinstance(event, EmailSent)
    assert (event.email_id, event.sent_at) == (mail_id, NOW)


async def an_event_heard_twice_writes_one_mail(world: World) -> None:
    person = uuid4()
    mail_id = await write(world, person)
    await know(world, person)
    await claim(world, mail_id)
    await finish(world, mail_id, Accepted())
    await write(world, person, mail_id=mail_id)
    assert await state(world, mail_id) is State.SENT
    assert len(await world.run(writing.mails_of, person)) == 1


async def a_claim_keeps_others_away_until_its_lease_has_run_out(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    await claim(world, mail_id)
    assert await claim(world, mail_id, OTHERS) is None
    renewal = sending.RenewClaim(mail_id, MINE.token, NOW + LEASE / 2)
    assert await world.run(sending.renew_claim, renewal) is True
    assert await claim(world, mail_id, OTHERS, NOW + LEASE) is None
    assert await claim(world, mail_id, OTHERS, NOW + 2 * LEASE) is not None
    assert await world.run(sending.renew_claim, renewal) is False


async def a_late_finisher_changes_nothing(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    await claim(world, mail_id)
    await claim(world, mail_id, OTHERS, NOW + LEASE)
    assert await finish(world, mail_id, Rejected("smtp-550")) is None
    assert await state(world, mail_id) is State.CLAIMED
    assert await finish(world, mail_id, Accepted(), OTHERS) is State.SENT
    assert await finish(world, mail_id, Accepted()) is None
    assert len([each for each in await world.said() if each.person_id == person]) == 1


async def a_process_takes_back_what_it_had_claimed_and_only_that(world: World) -> None:
    person, owner = uuid4(), f"owner-{uuid4()}"
    await know(world, person)
    mine, others = await write(world, person), await write(world, person)
    await claim(world, mine, Claim("a", owner))
    await claim(world, others, OTHERS)
    assert await world.run(sending.take_back_claims, sending.TakeBackClaims(owner, NOW)) == 1
    assert mine in await due(world)
    assert others not in await due(world)


async def a_delayed_mail_is_tried_again_later_and_a_rejected_one_never(world: World) -> None:
    person = uuid4()
    await know(world, person)
    delayed, rejected = await write(world, person), await write(world, person)
    await claim(world, delayed)
    await claim(world, rejected)
    assert await finish(world, delayed, Delayed(1.0)) is State.CREATED
    assert await finish(world, rejected, Rejected("smtp-550")) is State.FAILED
    later = await due(world, NOW + timedelta(seconds=2))
    assert delayed in later
    assert rejected not in later
    [event] = [each for each in await world.said() if each.person_id == person]
    assert isinstance(event, EmailFailed)
    assert (event.email_id, event.reason) == (rejected, "smtp-550")


async def a_code_that_has_expired_is_not_sent_and_that_is_said(world: World) -> None:
    person, expired_at = uuid4(), NOW + CODE_LIFE
    await know(world, person)
    mail_id = await write(world, person, AccountOpened(), a_code())
    assert await claim(world, mail_id, now=expired_at) is None
    found = {each.mail_id for each in await world.run(sending.overdue_mails, expired_at)}
    assert mail_id in found
    command = sending.ExpireMail(mail_id, expired_at)
    assert await world.run(sending.expire_mail, command) is State.EXPIRED
    assert await world.run(sending.expire_mail, command) is None
    mail = await world.mail(mail_id)
    assert mail is not None
    assert mail.code is not None
    assert mail.code.sealed is None
    [event] = [each for each in await world.said() if each.person_id == person]
    assert isinstance(event, EmailFailed)
    assert event.reason == "expired"


async def a_mail_without_code_is_given_up_after_a_day(world: World) -> None:
    mail_id = await write(world, uuid4())
    found = {each.mail_id for each in await world.run(sending.overdue_mails, NOW + WINDOW)}
    assert mail_id in found
    assert mail_id not in {each.mail_id for each in await world.run(sending.overdue_mails, NOW + WINDOW / 2)}


async def a_newer_code_cancels_the_mail_with_the_older_one(world: World) -> None:
    person, stranger = uuid4(), uuid4()
    await know(world, person)
    first = await write(world, person, AccountOpened(), a_code(1))
    of_stranger = await write(world, stranger, AccountOpened(), a_code(1))
    card = await write(world, person)
    second = await write(world, person, CodeRenewed(ResetReason.UNUSED), a_code(2))
    assert await state(world, first) is State.SUPERSEDED
    for untouched in (of_stranger, card, second):
        assert await state(world, untouched) is State.CREATED


async def an_older_code_heard_after_a_newer_one_is_not_sent(world: World) -> None:
    person = uuid4()
    await know(world, person)
    newer = await write(world, person, CodeRenewed(ResetReason.FORGOTTEN), a_code(5))
    await claim(world, newer)
    await finish(world, newer, Accepted())
    older = await write(world, person, CodeRenewed(ResetReason.FORGOTTEN), a_code(4))
    taken = await claim(world, older)
    assert taken is not None
    assert taken.addressee is None
    assert await state(world, older) is State.SUPERSEDED


async def a_person_sees_the_own_mails_the_newest_first(world: World) -> None:
    person = uuid4()
    await write(world, uuid4())
    first = await write(world, person)
    later = await write(world, person, now=NOW + LEASE)
    assert [mail.id for mail in await world.run(writing.mails_of, person)] == [later, first]


async def codes_of_different_series_leave_each_other_alone(world: World) -> None:
    person = uuid4()
    await know(world, person)
    provisional = await write(world, person, CodeRenewed(ResetReason.FORGOTTEN), a_code(1))
    about = DeviceDoubted(NOW, Channel.WEB)
    older = await write(world, person, about, a_code(2, series=Series.VERIFICATION))
    newer = await write(world, person, about, a_code(3, series=Series.VERIFICATION))
    assert await state(world, older) is State.SUPERSEDED
    for valid in (newer, provisional):
        assert await claim(world, valid) is not None
        assert await state(world, valid) is State.CLAIMED
