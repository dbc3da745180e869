"""What procedures listens to: who has an account, and so may make requests."""

from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.identity import AccountCreated
from services.procedures.domain.vitale_card import Person
from services.procedures.handlers import Store

consumers: Consumers[Store] = Consumers(group="procedures")


@consumers.on(AccountCreated)
async def remember_person(_: Envelope, event: AccountCreated, store: Store) -> None:
    """The e-mail and the code are sealed to somebody else and stay unread."""
    await store.remember(Person(event.person_id, event.first_name, event.last_name, event.birth_date, event.caisse))
