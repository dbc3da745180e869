"""What the use cases promise, whatever the store: run on the fake and on the real one alike."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from contracts.event import Event
from contracts.identity import ResetReason
from contracts.notifications import EmailFailed, EmailSent
from contracts.sealed import Sealed
from services.notifications import handlers
from services.notifications.domain import (
    LEASE,
    WINDOW,
    About,
    Accepted,
    AccountOpened,
    Claim,
    Code,
    CodeRenewed,
    Contact,
    Delayed,
    Mail,
    Outcome,
    Rejected,
    State,
)
from tests.unit.notifications.builders import CARD, CODE_LIFE, MINE, NOW, OTHERS, REASONS, a_code

ADDRESS = "lucie@exemple.invalid"


class World(Protocol):
    """Somewhere to run handlers."""

    async def run(self, handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        """Run one command in its transaction."""

    async def said(self) -> list[Event]:
        """Every event published so far."""

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail as it is kept."""

    def seal(self, value: str) -> Sealed:
        """A value that this world's store can open."""


async def know(world: World, person: UUID, address: str = ADDRESS) -> None:
    """Tell the address of a person."""
    await world.run(
        handlers.remember_contact, handlers.RememberContact(person, "Lucie", "EXEMPLE", world.seal(address))
    )


async def write(world: World, person: UUID, about: About = CARD, code: Code | None = None, **but: Any) -> str:
    """Have a reason to write; the mail's id."""
    mail_id = but.pop("mail_id", str(uuid4()))
    await world.run(handlers.write_mail, handlers.WriteMail(mail_id, person, about, NOW, code, **but))
    return str(mail_id)


async def claim(world: World, mail_id: str, claim: Claim = MINE, now: Any = NOW) -> handlers.Taken | None:
    """Try to claim a mail."""
    taken: handlers.Taken | None = await world.run(handlers.claim_mail, handlers.ClaimMail(mail_id, claim, now))
    return taken


async def finish(world: World, mail_id: str, outcome: Outcome, claim: Claim = MINE, now: Any = NOW) -> State | None:
    """Say what became of a claimed mail."""
    command = handlers.FinishSending(mail_id, claim.token, outcome, now)
    state: State | None = await world.run(handlers.finish_sending, command)
    return state


async def state(world: World, mail_id: str) -> State | None:
    """The mail's state."""
    mail = await world.mail(mail_id)
    return mail.state if mail else None


async def due(world: World, now: Any = NOW) -> set[str]:
    """The ids of the mails that may be taken."""
    return {each.mail_id for each in await world.run(handlers.due_mails, now)}


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
    assert taken.contact == Contact("Lucie", "EXEMPLE", ADDRESS)
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
    assert len(await world.run(handlers.mails_of, person)) == 1


async def a_mail_whose_address_is_unknown_waits_for_it(world: World) -> None:
    person = uuid4()
    mail_id = await write(world, person)
    taken = await claim(world, mail_id)
    assert taken is not None
    assert (taken.contact, taken.mail.state) == (None, State.CREATED)
    assert mail_id not in await due(world)
    await know(world, person)
    assert mail_id in await due(world)
    again = await claim(world, mail_id)
    assert again is not None
    assert again.contact is not None


async def the_newest_address_is_used(world: World) -> None:
    person = uuid4()
    await know(world, person, "old@exemple.invalid")
    mail_id = await write(world, person)
    await know(world, person, "new@exemple.invalid")
    taken = await claim(world, mail_id)
    assert taken is not None
    assert taken.contact is not None
    assert taken.contact.email == "new@exemple.invalid"


async def a_claim_keeps_others_away_until_its_lease_has_run_out(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person)
    await claim(world, mail_id)
    assert await claim(world, mail_id, OTHERS) is None
    renewal = handlers.RenewClaim(mail_id, MINE.token, NOW + LEASE / 2)
    assert await world.run(handlers.renew_claim, renewal) is True
    assert await claim(world, mail_id, OTHERS, NOW + LEASE) is None
    assert await claim(world, mail_id, OTHERS, NOW + 2 * LEASE) is not None
    assert await world.run(handlers.renew_claim, renewal) is False


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
    assert await world.run(handlers.take_back_claims, handlers.TakeBackClaims(owner, NOW)) == 1
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
    found = {each.mail_id for each in await world.run(handlers.overdue_mails, expired_at)}
    assert mail_id in found
    command = handlers.ExpireMail(mail_id, expired_at)
    assert await world.run(handlers.expire_mail, command) is State.EXPIRED
    assert await world.run(handlers.expire_mail, command) is None
    mail = await world.mail(mail_id)
    assert mail is not None
    assert mail.code is not None
    assert mail.code.sealed is None
    [event] = [each for each in await world.said() if each.person_id == person]
    assert isinstance(event, EmailFailed)
    assert event.reason == "expired"


async def a_mail_without_code_is_given_up_after_a_day(world: World) -> None:
    mail_id = await write(world, uuid4())
    found = {each.mail_id for each in await world.run(handlers.overdue_mails, NOW + WINDOW)}
    assert mail_id in found
    assert mail_id not in {each.mail_id for each in await world.run(handlers.overdue_mails, NOW + WINDOW / 2)}


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
    assert taken.contact is None
    assert await state(world, older) is State.SUPERSEDED


async def a_person_sees_the_own_mails_the_newest_first(world: World) -> None:
    person = uuid4()
    await write(world, uuid4())
    first = await write(world, person)
    later = handlers.WriteMail(str(uuid4()), person, CARD, NOW + LEASE)
    await world.run(handlers.write_mail, later)
    assert [mail.id for mail in await world.run(handlers.mails_of, person)] == [later.mail_id, first]


Scenario = Callable[[World], Awaitable[None]]
SCENARIOS: list[Scenario] = [
    every_reason_survives_being_stored,
    a_mail_is_claimed_with_its_contact_sent_and_said,
    an_event_heard_twice_writes_one_mail,
    a_mail_whose_address_is_unknown_waits_for_it,
    the_newest_address_is_used,
    a_claim_keeps_others_away_until_its_lease_has_run_out,
    a_late_finisher_changes_nothing,
    a_process_takes_back_what_it_had_claimed_and_only_that,
    a_delayed_mail_is_tried_again_later_and_a_rejected_one_never,
    a_code_that_has_expired_is_not_sent_and_that_is_said,
    a_mail_without_code_is_given_up_after_a_day,
    a_newer_code_cancels_the_mail_with_the_older_one,
    an_older_code_heard_after_a_newer_one_is_not_sent,
    a_person_sees_the_own_mails_the_newest_first,
]
