"""What notifications listens to. Reading this file tells every reason for which a person gets an e-mail."""

from chassis import clock, telemetry
from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import AccountCreated, AccountCreationAttempted, CodeChosen, CodeReset
from contracts.procedures import CardOrdered
from services.notifications import handlers
from services.notifications.domain import (
    About,
    AccountOpened,
    CardAwaited,
    Code,
    CodeChanged,
    CodeRenewed,
    CreationTried,
)
from services.notifications.handlers import RememberContact, Store, WriteMail

consumers: Consumers[Store] = Consumers(group="notifications")


@consumers.on(AccountCreated)
async def welcome(envelope: Envelope, event: AccountCreated, store: Store) -> None:
    """Here is your first provisional code; and from now on we know where to write."""
    contact = RememberContact(event.person_id, event.first_name, event.last_name, event.email)
    await handlers.remember_contact(contact, store)
    await _write(envelope, event, AccountOpened(), store, _code(envelope, event))


@consumers.on(CodeReset)
async def send_new_code(envelope: Envelope, event: CodeReset, store: Store) -> None:
    """Here is your new provisional code; the one before is void."""
    await _write(envelope, event, CodeRenewed(event.reason), store, _code(envelope, event))


@consumers.on(AccountCreationAttempted)
async def warn_of_attempt(envelope: Envelope, event: AccountCreationAttempted, store: Store) -> None:
    """Somebody asked for an account with your number or your address."""
    await _write(envelope, event, CreationTried(event.reason, event.attempted_at), store)


@consumers.on(CodeChosen)
async def warn_of_chosen_code(envelope: Envelope, event: CodeChosen, store: Store) -> None:
    """Your access code was chosen: by you, we hope."""
    await _write(envelope, event, CodeChanged(event.chosen_at, event.channel), store)


@consumers.on(CardOrdered)
async def confirm_card_order(envelope: Envelope, event: CardOrdered, store: Store) -> None:
    """We have your order of a carte Vitale, and this is what comes next."""
    about = CardAwaited(event.tracking_number, event.next_actor, event.ordered_on, event.expected_on)
    await _write(envelope, event, about, store)


async def _write(envelope: Envelope, event: Event, about: About, store: Store, code: Code | None = None) -> None:
    """The mail takes the event's id, so a replayed event cannot write a second one."""
    mail = WriteMail(envelope.id, event.person_id, about, clock.now(), code, telemetry.traceparent())
    await handlers.write_mail(mail, store)


def _code(envelope: Envelope, event: AccountCreated | CodeReset) -> Code:
    """All codes come from identity, which numbers the events of a person."""
    return Code(event.provisional_code, envelope.sequence, envelope.time, event.code_expires_at)
