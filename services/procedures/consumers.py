"""What procedures listens to: who has an account, and so may make requests, and to which caisse they belong."""

from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.identity import AccountCreated, CaisseChanged
from services.procedures import handlers
from services.procedures.domain.vitale_card import Person
from services.procedures.handlers import MeetPerson, MovePerson, Store

consumers: Consumers[Store] = Consumers(group="procedures")


@consumers.on(AccountCreated)
async def remember_person(envelope: Envelope, event: AccountCreated, store: Store) -> None:
    """The e-mail and the code are sealed to somebody else and stay unread."""
    person = Person(event.person_id, event.first_name, event.last_name, event.birth_date, event.caisse)
    await handlers.meet_person(MeetPerson(person, envelope.sequence), store)


@consumers.on(CaisseChanged)
async def follow_move(envelope: Envelope, event: CaisseChanged, store: Store) -> None:
    """The person's requests are the new caisse's from now on."""
    await handlers.move_person(MovePerson(event.person_id, event.caisse, envelope.sequence), store)
