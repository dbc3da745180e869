"""Where the scenarios happen, and the steps they are told in."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from contracts.event import Event
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import (
    Claim,
    Code,
    Mail,
    Outcome,
    Series,
    State,
)
from services.notifications.domain.reasons import (
    About,
)
from services.notifications.handlers import contacts, sending, writing
from services.notifications.handlers.ports import Store
from services.notifications.handlers.writing import Cause
from tests.unit.notifications.builders import CARD, MINE, NOW, a_code

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


async def know(world: World, person: UUID, address: str | None = ADDRESS, sequence: int = 1) -> None:
    """Tell the name and, unless it is None, the address of a person."""
    email = world.seal(address) if address else None
    told = contacts.RememberContact(person, sequence, "Lucie", "EXEMPLE", email, NOW)
    await world.run(contacts.remember_contact, told)


def cause(person: UUID, sequence: int = 1, mail_id: str | None = None, **but: Any) -> Cause:
    """An event of this person, heard now."""
    return Cause(
        **{
            "event_id": mail_id or str(uuid4()),
            "person_id": person,
            "sequence": sequence,
            "told_at": NOW,
            "now": NOW,
            **but,
        }
    )


async def write(
    world: World, person: UUID, about: About = CARD, code: Code | None = None, *, to: str | None = None, **but: Any
) -> str:
    """Have a reason to write; the mail's id."""
    why = cause(person, **but)
    await world.run(writing.write_mail, writing.WriteMail(why, about, code, to))
    return why.event_id


async def contact(world: World, person: UUID) -> Contact:
    """What is known of a person."""

    async def find(wanted: UUID, store: Store) -> Contact:
        return await store.contact(wanted)

    found: Contact = await world.run(find, person)
    return found


async def claim(world: World, mail_id: str, claim: Claim = MINE, now: Any = NOW) -> sending.Taken | None:
    """Try to claim a mail."""
    taken: sending.Taken | None = await world.run(sending.claim_mail, sending.ClaimMail(mail_id, claim, now))
    return taken


async def finish(world: World, mail_id: str, outcome: Outcome, claim: Claim = MINE, now: Any = NOW) -> State | None:
    """Say what became of a claimed mail."""
    command = sending.FinishSending(mail_id, claim.token, outcome, now)
    state: State | None = await world.run(sending.finish_sending, command)
    return state


async def state(world: World, mail_id: str) -> State | None:
    """The mail's state."""
    mail = await world.mail(mail_id)
    return mail.state if mail else None


async def due(world: World, now: Any = NOW) -> set[str]:
    """The ids of the mails that may be taken."""
    return {each.mail_id for each in await world.run(sending.due_mails, now)}


async def change(world: World, why: Cause, address: str, at: datetime = NOW) -> None:
    """A person proved to read another address."""
    await world.run(contacts.change_address, contacts.ChangeAddress(why, at, world.seal(address)))


async def ask(world: World, why: Cause, address: str | None) -> None:
    """A person wishes for another address, which with None cannot be had."""
    token = a_code(why.sequence, closed=world.seal("token"), series=Series.ADDRESS) if address else None
    wish = contacts.AskForAddress(why, NOW, world.seal(address) if address else None, token)
    await world.run(contacts.ask_for_address, wish)


async def written(world: World, person: UUID) -> dict[str, tuple[About, str | None]]:
    """The mails of a person: why and, if it is their own, to what address."""
    return {mail.id: (mail.about, mail.to) for mail in await world.run(writing.mails_of, person)}
