"""Accounts, their e-mails, and what was tried on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Conflict, Index
from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.closing import unopened_until
from services.identity.domain.email import Email
from services.identity.domain.nir import Nir
from services.identity.domain.throttle import Attempts
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "accounts": [Index(("email_index",), unique=True), Index(("unopened_until",))],
    # Kept so long that waiting does not bring back the free attempts.
    "attempts": [Index(("last_at",), expire_after=timedelta(days=730))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"accounts": ("email",)}

_accounts = TypeAdapter(Account)
_attempts = TypeAdapter(Attempts)


class AccountStore(Base):
    """Accounts, their e-mails, and what was tried on them."""

    async def account(self, person_id: UUID) -> Account | None:
        """The account of a person."""
        return await self._account({"_id": str(person_id)})

    async def person_id(self, nir: Nir) -> UUID | None:
        """Whose number this is."""
        found = await self._tx["insured"].find_one({"nir_index": await self._number(nir)}, only=["_id"])
        return UUID(found["_id"]) if found else None

    async def nir(self, person_id: UUID) -> Nir:
        """The number of a person of the register."""
        [found] = await self._tx["insured"].find({"_id": str(person_id)}, only=["nir"])
        return Nir(await self._cipher.decrypt(found["nir"]))

    async def account_by_email(self, email: Email) -> Account | None:
        """The account that this e-mail belongs to."""
        return await self._account({"email_index": self._email_index(email)})

    async def email(self, person_id: UUID) -> Email | None:
        """The e-mail of an existing account, if it has one."""
        [found] = await self._tx["accounts"].find({"_id": str(person_id)}, only=["email"])
        address = await self._open(found["email"])
        return Email(address) if address else None

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        """Save an account and say what happened; with an e-mail, it is the account's from now on."""
        document = account_document(account)
        if email:
            address = await self._cipher.encrypt(email.address)
            document |= {"email": address, "email_index": self._email_index(email)}
        await self._save("accounts", str(account.person_id), document)
        await self._tx.publish(*events, subject=account.person_id)

    async def unopened(self, until: datetime, most: int) -> Sequence[UUID]:
        """Whose unopened account, or what is left of it, is kept until then or not so long."""
        found = await self._tx["accounts"].find({"unopened_until": {"$lte": until}}, limit=most, only=["_id"])
        return [UUID(each["_id"]) for each in found]

    async def remove_account(self, account: Account, *events: Event) -> None:
        """Remove an account and say so; its e-mail is free."""
        if not await self._tx["accounts"].delete({"_id": str(account.person_id), "version": account.version}):
            raise Conflict
        await self._tx.publish(*events, subject=account.person_id)

    async def attempts(self, of: Nir | UUID) -> Attempts:
        """What was tried on a number, known or not, or by whoever is logged in as a person."""
        found = await self._tx["attempts"].find_one({"_id": await self._attempts_id(of)})
        return _attempts.validate_python(found, extra="ignore") if found else Attempts()

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        """Save what was tried."""
        document = {**_attempts.dump_python(attempts), "last_at": self._tx.now}
        await self._save("attempts", await self._attempts_id(of), document)

    async def forget_attempts(self, person_id: UUID) -> None:
        """Forget what was tried by whoever was logged in as a person."""
        await self._tx["attempts"].delete({"_id": str(person_id)})

    async def _account(self, where: Mapping[str, Any]) -> Account | None:
        found = await self._tx["accounts"].find_one(where)
        return _accounts.validate_python({**found, "person_id": found["_id"]}, extra="ignore") if found else None

    async def _attempts_id(self, of: Nir | UUID) -> str:
        return await self._number(of) if isinstance(of, Nir) else str(of)


def account_document(account: Account) -> dict[str, Any]:
    """An account as it is kept, without its e-mail."""
    document: dict[str, Any] = plain(_accounts.dump_python(account, exclude={"person_id"}))
    return {**document, "unopened_until": unopened_until(account)}
