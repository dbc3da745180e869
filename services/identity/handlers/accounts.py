"""From the register to an account."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.identity.domain import creation, proof
from services.identity.domain.account import Letter
from services.identity.domain.creation import Asked
from services.identity.domain.email import Email
from services.identity.domain.nir import Nir
from services.identity.domain.proof import AnyClaim
from services.identity.handlers.mailing import may_write_to
from services.identity.handlers.ports import Store
from services.identity.handlers.waiting import wait_for_code


@dataclass(frozen=True)
class CreateAccount:
    """Somebody filled in the web form, or gave IBAN and card in the application."""

    nir: Nir
    claim: AnyClaim
    email: Email
    letter: Letter = field(repr=False)
    now: datetime
    waiting: UUID | None = None


async def create_account(command: CreateAccount, store: Store) -> None:
    """Do what the form asks for, and tell the caller nothing.

    What happened is told by e-mail to the address that owns it. A few wrong claims close this way to an account
    for the day, right ones included, whether or not anybody has the number; reads and writes are the same for
    both. Raises RegimeNotCovered to a recognised person alone.
    """
    await wait_for_code(command.waiting, store, command.now)
    failures = await store.proof_failures(command.nir)
    entry = await store.entry_by_nir(command.nir)
    if failures.locked(store.parameters, command.now):
        return
    person = proof.recognised(entry, command.claim)
    if person is None:
        await store.save_proof_failures(command.nir, failures.plus_one(command.now))
        return
    asked = creation.ask_for_account(
        person,
        await store.account(person.id),
        await store.account_by_email(command.email),
        command.letter,
        way=command.claim.way,
        rules=store.parameters,
        now=command.now,
    )
    await _save(asked, command, store)


async def _save(asked: Asked, command: CreateAccount, store: Store) -> None:
    taken = command.email if asked.takes_email else None
    address = taken or await store.email(asked.account.person_id)
    if not asked.events or (address and not await may_write_to(address, store, command.now, first=asked.takes_email)):
        return
    if asked.gave_way:
        await store.save_account_without_email(*asked.gave_way)
    await store.save_account(asked.account, *asked.events, email=taken)
