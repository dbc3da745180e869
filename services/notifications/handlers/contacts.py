"""Know whom to write to, and tell every address when it is about to change."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.channel import Channel
from contracts.sealed import Sealed
from services.notifications.domain import contacts, mails
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Code
from services.notifications.domain.reasons import AccountEnded, AddressChanged, AddressDoubted, AddressWished
from services.notifications.handlers.ports import Store
from services.notifications.handlers.writing import Cause, WriteMail, write_mail


@dataclass(frozen=True)
class RememberContact:
    """A person is since `at` written to under this name, and at this address if there is one."""

    person_id: UUID
    sequence: int
    first_name: str
    last_name: str
    email: Sealed | None
    at: datetime


async def remember_contact(command: RememberContact, store: Store) -> None:
    """Know whom to write to; mails that waited for the address wait no longer."""
    before = await store.contact(command.person_id)
    named = contacts.name(before, command.first_name, command.last_name, command.sequence)
    email = store.opened(command.email) if command.email else None
    located = contacts.locate(named, email, command.sequence, command.at if email else None)
    await _keep(command.person_id, before, located, store)


@dataclass(frozen=True)
class RenameContact:
    """The person goes by this name from now on."""

    person_id: UUID
    sequence: int
    first_name: str
    last_name: str


async def rename_contact(command: RenameContact, store: Store) -> None:
    """Use the name in every mail that is still to be sent."""
    before = await store.contact(command.person_id)
    after = contacts.name(before, command.first_name, command.last_name, command.sequence)
    await _keep(command.person_id, before, after, store)


@dataclass(frozen=True)
class ForgetContact:
    """The person has no account any more."""

    person_id: UUID
    sequence: int
    now: datetime


async def forget_contact(command: ForgetContact, store: Store) -> None:
    """Forget name and address, and cancel what waits to be sent there; unless the person came back since."""
    before = await store.contact(command.person_id)
    after = contacts.forget(before, command.sequence)
    if after.located_by != command.sequence:
        return
    await _keep(command.person_id, before, after, store)
    for mail in await store.waiting(command.person_id):
        if not mails.outlives_account(mail):
            await store.save(mail, mails.cancel(mail, command.now))


@dataclass(frozen=True)
class CloseContact:
    """The person closed the account through `channel`; `email` is where they are told, if an address was validated."""

    cause: Cause
    at: datetime
    channel: Channel
    email: Sealed | None


async def close_contact(command: CloseContact, store: Store) -> None:
    """Say farewell at the address that the account had, and forget it, in one transaction."""
    cause = command.cause
    await forget_contact(ForgetContact(cause.person_id, cause.sequence, cause.now), store)
    if command.email:
        farewell = AccountEnded(command.at, command.channel)
        await write_mail(WriteMail(cause, farewell, to=store.opened(command.email)), store)


@dataclass(frozen=True)
class ForgetAddress:
    """The address is the person's no more, and there is no other yet."""

    person_id: UUID
    sequence: int


async def forget_address(command: ForgetAddress, store: Store) -> None:
    """Write nothing there any more; what waits is sent to the next address, if it comes in time, or ends unsaid."""
    before = await store.contact(command.person_id)
    await _keep(command.person_id, before, contacts.locate(before, None, command.sequence), store)


@dataclass(frozen=True)
class AskForAddress:
    """Another address is wished for. Both `new_email` and `token` are None when it cannot be had."""

    cause: Cause
    at: datetime
    new_email: Sealed | None
    token: Code | None


async def ask_for_address(command: AskForAddress, store: Store) -> None:
    """Tell the present address of the wish, and send the token to the one that is wished for."""
    known = await store.contact(command.cause.person_id)
    if known.email:
        told = WriteMail(command.cause, AddressWished(command.at), to=known.email, address_since=known.located_at)
        await write_mail(told, store)
    if command.new_email and command.token:
        wished = store.opened(command.new_email)
        await write_mail(WriteMail(command.cause, AddressDoubted(), command.token, to=wished, second=True), store)


@dataclass(frozen=True)
class ChangeAddress:
    """The person proved to read this address, and is written to there from now on."""

    cause: Cause
    at: datetime
    email: Sealed


async def change_address(command: ChangeAddress, store: Store) -> None:
    """Write to the new address from now on, and tell it and the one that is left (domain B3)."""
    cause, email = command.cause, store.opened(command.email)
    before = await store.contact(cause.person_id)
    here = WriteMail(cause, AddressChanged(command.at, here=True), to=email, address_since=command.at)
    await write_mail(here, store)
    left = contacts.left_behind(before, email, cause.sequence)
    if left:
        about = AddressChanged(command.at, here=False)
        there = WriteMail(cause, about, to=left, second=True, address_since=before.located_at)
        await write_mail(there, store)
    await _keep(cause.person_id, before, contacts.locate(before, email, cause.sequence, command.at), store)


async def _keep(person_id: UUID, before: Contact, after: Contact, store: Store) -> None:
    if after == before:
        return
    await store.remember(person_id, after)
    if after.email is None or after.email == before.email:
        return
    for mail in await store.waiting(person_id):
        hastened = mails.hasten(mail)
        if hastened != mail:
            await store.save(mail, hastened)
