"""What the mail provider tells afterwards."""

from datetime import timedelta
from uuid import UUID, uuid4

from contracts.notifications import EmailFailed
from services.notifications.domain.mails import Accepted, State, second_id
from services.notifications.domain.reports import Report
from services.notifications.handlers import reporting
from tests.unit.notifications.builders import NOW
from tests.unit.notifications.scenarios.world import World, ask, cause, change, claim, finish, know, state, write

MINUTE = timedelta(minutes=1)


async def report(world: World, mail_id: str, told: Report = Report.BOUNCE) -> State | None:
    """The provider tells of a mail, a minute later."""
    ended: State | None = await world.run(reporting.take_report, reporting.TakeReport(mail_id, told, NOW + MINUTE))
    return ended


async def sent(world: World, mail_id: str) -> str:
    """The mail, accepted by the server."""
    await claim(world, mail_id)
    await finish(world, mail_id, Accepted())
    return mail_id


async def failed(world: World, person: UUID) -> list[EmailFailed]:
    """What was said of mails that failed."""
    return [each for each in await world.said() if isinstance(each, EmailFailed) and each.person_id == person]


async def a_mail_that_comes_back_is_said_to_have_failed_however_often_that_is_reported(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await sent(world, await write(world, person))
    assert await report(world, mail_id) is State.BOUNCED
    for told in Report:
        assert await report(world, mail_id, told) is None
    assert await state(world, mail_id) is State.BOUNCED
    [event] = await failed(world, person)
    assert (event.email_id, event.reason, event.failed_at) == (mail_id, "bounce", NOW + MINUTE)
    assert event.address_since == NOW


async def a_report_that_comes_before_the_record_of_the_sending_counts_and_the_record_comes_too_late(
    world: World,
) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    await claim(world, mail_id)
    assert await report(world, mail_id, Report.COMPLAINT) is State.COMPLAINED
    assert await finish(world, mail_id, Accepted()) is None
    assert await state(world, mail_id) is State.COMPLAINED
    assert [event.reason for event in await failed(world, person)] == ["complaint"]


async def a_delay_is_recorded_and_not_said_even_while_the_mail_is_being_sent(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    await claim(world, mail_id)
    assert await report(world, mail_id, Report.DELAY) is None
    assert await finish(world, mail_id, Accepted()) is State.SENT
    mail = await world.mail(mail_id)
    assert mail is not None
    assert mail.delayed_at == NOW + MINUTE
    assert await failed(world, person) == []


async def a_report_on_a_mail_that_is_not_ours_changes_nothing(world: World) -> None:
    before = len(await world.said())
    assert await report(world, str(uuid4())) is None
    assert await report(world, "{$ne: 1}") is None
    assert len(await world.said()) == before


async def of_each_mail_about_a_move_the_address_that_failed_is_told_from_the_others(world: World) -> None:
    person, later = uuid4(), NOW + timedelta(days=1)
    await know(world, person)
    wish, moved = cause(person, 2), cause(person, 3)
    await ask(world, wish, "new@exemple.invalid")
    await change(world, moved, "new@exemple.invalid", at=later)
    after = await write(world, person)
    since = {
        wish.event_id: NOW,
        moved.event_id: later,
        second_id(moved.event_id): NOW,
        after: later,
    }
    for mail_id in (*since, second_id(wish.event_id)):
        await report(world, await sent(world, mail_id))
    assert {event.email_id: event.address_since for event in await failed(world, person)} == since
