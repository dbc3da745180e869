"""What a person sees of their own account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.problems import NotFound
from services.identity.domain import emails
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.insured import InsuredPerson
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class ReadProfile:
    """A person looks at their profile."""

    person_id: UUID
    now: datetime


@dataclass(frozen=True)
class Profile:
    """What a person sees of themselves; `pending_email` waits to be validated."""

    person: InsuredPerson
    account: Account
    email: Email | None
    pending_email: Email | None
    passkeys: int
    devices: int


async def read_profile(query: ReadProfile, store: Store) -> Profile:
    """The profile of whoever is logged in. Raises NotFound once the account is gone."""
    entry, account = await store.register_entry(query.person_id), await store.account(query.person_id)
    if entry is None or account is None:
        raise NotFound
    changes = await store.email_changes(query.person_id, emails.looked_back(store.parameters, query.now))
    return Profile(
        person=entry.person,
        account=account,
        email=await store.email(query.person_id),
        pending_email=next((each.email for each in changes if each.waits(query.now)), None),
        passkeys=len(await store.passkeys(query.person_id)),
        devices=len(await store.devices(query.person_id, query.now)),
    )
