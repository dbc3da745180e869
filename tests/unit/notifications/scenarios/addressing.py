"""Where mails go, while addresses come and go."""

from uuid import uuid4

from contracts.channel import Channel
from contracts.notifications import EmailFailed
from services.notifications.domain.contacts import Addressee, Contact
from services.notifications.domain.mails import (
    WINDOW,
    Accepted,
    Outcome,
    Rejected,
    State,
    second_id,
)
from services.notifications.domain.reasons import (
    AccountEnded,
    AccountOpened,
    AddressChanged,
    AddressDoubted,
    AddressWished,
)
from services.notifications.handlers import contacts, sending
from tests.unit.notifications.builders import NOW, a_code
from tests.unit.notifications.scenarios.world import (
    ADDRESS,
    World,
    ask,
    cause,
    change,
    claim,
    contact,
    due,
    finish,
    know,
    state,
    write,
    written,
)

THIEFS = "thief@exemple.invalid"


async def the_newest_address_is_used(world: World) -> None:
    person = uuid4()
    await know(world, person, "old@exemple.invalid")
    mail_id = await write(world, person)
    await know(world, person, "new@exemple.invalid", sequence=2)
    await know(world, person, "old@exemple.invalid")
    taken = await claim(world, mail_id)
    assert taken is not None
    assert taken.addressee is not None
    assert taken.addressee.email == "new@exemple.invalid"


async def a_mail_whose_address_is_unknown_waits_for_it(world: World) -> None:
    person = uuid4()
    mail_id = await write(world, person)
    taken = await claim(world, mail_id)
    assert taken is not None
    assert (taken.addressee, taken.mail.state) == (None, State.CREATED)
    assert mail_id not in await due(world)
    await know(world, person)
    assert mail_id in await due(world)
    again = await claim(world, mail_id)
    assert again is not None
    assert again.addressee is not None


async def a_person_without_address_is_known_by_name_until_there_is_one(world: World) -> None:
    person = uuid4()
    await know(world, person, None)
    mail_id = await write(world, person)
    taken = await claim(world, mail_id)
    assert taken is not None
    assert taken.addressee is None
    await change(world, cause(person, 2), ADDRESS)
    again = await claim(world, mail_id)
    assert again is not None
    assert again.addressee == Addressee("Lucie", "EXEMPLE", ADDRESS, NOW)


async def a_mail_for_whom_has_no_address_is_not_written_where_nothing_can_be_on_its_way(world: World) -> None:
    person, unheard = uuid4(), uuid4()
    await know(world, person, None)
    for each in (person, unheard):
        await write(world, each, in_order=True, sequence=2)
    own = await write(world, person, AddressDoubted(), a_code(), to=ADDRESS, in_order=True, sequence=3)
    assert set(await written(world, person)) == {own}
    assert len(await written(world, unheard)) == 1
    await change(world, cause(person, 4, in_order=True), ADDRESS)
    later = await write(world, person, in_order=True, sequence=5)
    assert later in await written(world, person)


async def a_mail_that_waited_in_vain_for_an_address_failed_only_if_there_may_be_one(world: World) -> None:
    person, unheard, dropped = uuid4(), uuid4(), uuid4()
    await know(world, person, None)
    await know(world, dropped)
    waiting = {each: await write(world, each) for each in (person, unheard, dropped)}
    await claim(world, waiting[dropped])
    await world.run(contacts.forget_address, contacts.ForgetAddress(dropped, 2))
    over = NOW + WINDOW
    ends = [await world.run(sending.expire_mail, sending.ExpireMail(each, over)) for each in waiting.values()]
    assert ends == [State.SUPERSEDED, State.EXPIRED, State.SUPERSEDED]
    said = [each for each in await world.said() if each.person_id in waiting]
    assert [(each.person_id, type(each)) for each in said] == [(unheard, EmailFailed)]


async def a_mail_to_an_own_address_that_could_not_be_sent_failed_although_the_account_has_none(world: World) -> None:
    person = uuid4()
    await know(world, person, None)
    mail_id = await write(world, person, AddressDoubted(), to=ADDRESS)
    assert await world.run(sending.expire_mail, sending.ExpireMail(mail_id, NOW + WINDOW)) is State.EXPIRED


async def a_wished_for_address_is_asked_and_the_present_one_told(world: World) -> None:
    person = uuid4()
    why = cause(person, 2)
    await know(world, person)
    for _ in range(2):
        await ask(world, why, "new@exemple.invalid")
    assert await written(world, person) == {
        why.event_id: (AddressWished(NOW), ADDRESS),
        second_id(why.event_id): (AddressDoubted(), "new@exemple.invalid"),
    }
    taken = await claim(world, second_id(why.event_id))
    assert taken is not None
    assert taken.addressee == Addressee("", "", "new@exemple.invalid")
    assert (await contact(world, person)).email == ADDRESS


async def whether_a_wished_for_address_was_written_to_is_not_said(world: World) -> None:
    person = uuid4()
    await know(world, person)
    outcomes: list[tuple[int, Outcome, State]] = [
        (2, Accepted(), State.SENT),
        (3, Rejected("no such mailbox"), State.FAILED),
    ]
    for sequence, outcome, end in outcomes:
        why = cause(person, sequence)
        await ask(world, why, "new@exemple.invalid")
        before = await world.said()
        await claim(world, second_id(why.event_id))
        assert await finish(world, second_id(why.event_id), outcome) is end
        assert await world.said() == before


async def a_first_address_is_asked_and_one_that_cannot_be_had_is_not(world: World) -> None:
    person, owner = uuid4(), uuid4()
    await know(world, person, None)
    await know(world, owner)
    first, taken = cause(person, 2), cause(owner, 2)
    await ask(world, first, ADDRESS)
    await ask(world, taken, None)
    assert await written(world, person) == {second_id(first.event_id): (AddressDoubted(), ADDRESS)}
    assert await written(world, owner) == {taken.event_id: (AddressWished(NOW), ADDRESS)}


async def a_changed_address_is_told_to_both_however_often_it_is_heard(world: World) -> None:
    person = uuid4()
    why = cause(person, 2)
    await know(world, person, "old@exemple.invalid")
    await change(world, why, "new@exemple.invalid")
    told = {
        why.event_id: (AddressChanged(NOW, here=True), "new@exemple.invalid"),
        second_id(why.event_id): (AddressChanged(NOW, here=False), "old@exemple.invalid"),
    }
    assert await written(world, person) == told
    await change(world, why, "new@exemple.invalid")
    assert await written(world, person) == told
    assert await contact(world, person) == Contact("Lucie", "EXEMPLE", "new@exemple.invalid", 1, 2, NOW)


async def an_own_address_is_written_to_although_another_is_known_and_forgotten_then(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person, to="old@exemple.invalid")
    taken = await claim(world, mail_id)
    assert taken is not None
    assert taken.addressee == Addressee("Lucie", "EXEMPLE", "old@exemple.invalid")
    await finish(world, mail_id, Accepted())
    mail = await world.mail(mail_id)
    assert mail is not None
    assert mail.to is None


async def a_person_whose_account_is_closed_is_forgotten_and_not_written_to(world: World) -> None:
    person = uuid4()
    await know(world, person)
    mail_id = await write(world, person, AccountOpened(), a_code())
    await world.run(contacts.forget_contact, contacts.ForgetContact(person, 2, NOW))
    assert await state(world, mail_id) is State.SUPERSEDED
    await know(world, person)
    assert await contact(world, person) == Contact(named_by=2, located_by=2)
    await know(world, person, sequence=3)
    await world.run(contacts.forget_contact, contacts.ForgetContact(person, 2, NOW))
    assert (await contact(world, person)).email == ADDRESS
    assert not [each for each in await world.said() if each.person_id == person]


async def a_closed_account_is_told_at_its_own_address_and_keeps_no_warning_back(world: World) -> None:
    person = uuid4()
    await know(world, person)
    await change(world, cause(person, 2), THIEFS)
    code = await write(world, person, AccountOpened(), a_code())
    why = cause(person, 3)
    closed = contacts.CloseContact(why, NOW, Channel.WEB, world.seal(THIEFS))
    for _ in range(2):
        await world.run(contacts.close_contact, closed)
    assert await contact(world, person) == Contact(named_by=3, located_by=3)
    assert await state(world, code) is State.SUPERSEDED
    told = {about: to for about, to in (await written(world, person)).values() if to}
    assert told == {
        AddressChanged(NOW, here=True): THIEFS,
        AddressChanged(NOW, here=False): ADDRESS,
        AccountEnded(NOW, Channel.WEB): THIEFS,
    }
    taken = await claim(world, why.event_id)
    assert taken is not None
    assert taken.addressee == Addressee("", "", THIEFS)
