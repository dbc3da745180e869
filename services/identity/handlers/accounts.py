"""From the register to an account."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.identity import CreationWay
from contracts.problems import NotFound
from services.identity.domain import creation
from services.identity.domain.account import Account
from services.identity.domain.creation import Letter
from services.identity.domain.email import Email
from services.identity.domain.insured import Claim, InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.handlers.ports import Store


async def import_insured(entry: RegisterEntry, store: Store) -> bool:
    """Take a line of the register; whether it changed anything."""
    if await store.register_entry(entry.person.id) == entry:
        return False
    await store.save_entry(entry)
    return True


@dataclass(frozen=True)
class CreateAccount:
    """Somebody filled in the web form."""

    nir: Nir
    claim: Claim
    email: Email
    letter: Letter = field(repr=False)
    now: datetime


async def create_account(command: CreateAccount, store: Store) -> None:
    """Do what the form asks for, and tell the caller nothing.

    What happened is told by e-mail to the address that owns it. Raises RegimeNotCovered to a recognised
    person alone.
    """
    person = creation.recognised(await store.insured(command.nir), command.claim)
    if person is None:
        return
    account, events, takes_email = creation.ask_for_account(
        person,
        await store.account(person.id),
        await store.account_by_email(command.email),
        command.letter,
        way=CreationWay.WEB_FORM,
        rules=store.parameters,
        now=command.now,
    )
    if events:
        await store.save_account(account, *events, email=command.email if takes_email else None)


@dataclass(frozen=True)
class ReadProfile:
    """A person looks at their profile."""

    person_id: UUID


@dataclass(frozen=True)
class Profile:
    """What a person sees of themselves."""

    person: InsuredPerson
    account: Account
    email: Email


async def read_profile(query: ReadProfile, store: Store) -> Profile:
    """The profile of whoever is logged in. Raises NotFound once the account is gone."""
    entry, account = await store.register_entry(query.person_id), await store.account(query.person_id)
    if entry is None or account is None:
        raise NotFound
    return Profile(entry.person, account, await store.email(query.person_id))
