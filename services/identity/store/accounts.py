"""Accounts, their e-mails, and what was tried on them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.nir import Nir
from services.identity.domain.throttle import Attempts
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "accounts": [Index(("email_index",), unique=True)],
    # Kept so long that waiting does not bring back the free attempts.
    "attempts": [Index(("last_at",), expire_after=timedelta(days=730))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"accounts": ("email",)}
NOBODY = "nobody"

_accounts = TypeAdapter(Account)
_attempts = TypeAdapter(Attempts)


class AccountStore(Base):
    """Accounts, their e-mails, and what was tried on them."""

    async def account(self, person_id: UUID) -> Account | None:
        """The account of a person."""
        return await self._account({"_id": str(person_id)})

    async def account_by_nir(self, nir: Nir) -> Account | None:
        """The account of the person with this number; as many look-ups when there is none."""
        person = await self._tx["insured"].find_one({"nir_index": self._nir_index(nir)}, only=["_id"])
        return await self._account({"_id": person["_id"] if person else NOBODY})

    async def account_by_email(self, email: Email) -> Account | None:
        """The account that this e-mail belongs to."""
        return await self._account({"email_index": self._email_index(email)})

    async def email(self, person_id: UUID) -> Email:
        """The e-mail of an existing account."""
        [found] = await self._tx["accounts"].find({"_id": str(person_id)}, only=["email"])
        return Email(await self._cipher.decrypt(found["email"]))

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        """Save an account and say what happened; a new one needs its e-mail."""
        document = plain(_accounts.dump_python(account, exclude={"person_id"}))
        if email:
            address = await self._cipher.encrypt(email.address)
            document |= {"email": address, "email_index": self._email_index(email)}
        await self._save("accounts", str(account.person_id), document)
        await self._tx.publish(*events, subject=account.person_id)

    async def attempts(self, of: Nir | UUID) -> Attempts:
        """What was tried on a number, known or not, or by whoever is logged in as a person."""
        found = await self._tx["attempts"].find_one({"_id": self._attempts_id(of)})
        return _attempts.validate_python(found, extra="ignore") if found else Attempts()

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        """Save what was tried."""
        document = {**_attempts.dump_python(attempts), "last_at": self._tx.now}
        await self._save("attempts", self._attempts_id(of), document)

    async def _account(self, where: Mapping[str, Any]) -> Account | None:
        found = await self._tx["accounts"].find_one(where)
        return _accounts.validate_python({**found, "person_id": found["_id"]}, extra="ignore") if found else None

    def _attempts_id(self, of: Nir | UUID) -> str:
        return self._nir_index(of) if isinstance(of, Nir) else str(of)
