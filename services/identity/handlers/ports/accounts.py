"""What the use cases ask of accounts, their e-mails and what was tried on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.nir import Nir
from services.identity.domain.throttle import Attempts


class Accounts(Protocol):
    """Accounts and attempts."""

    async def account(self, person_id: UUID) -> Account | None:
        """The account of a person."""
        ...

    async def person_id(self, nir: Nir) -> UUID | None:
        """Whose number this is."""
        ...

    async def nir(self, person_id: UUID) -> Nir:
        """The number of a person of the register."""
        ...

    async def account_by_email(self, email: Email) -> Account | None:
        """The account that this e-mail belongs to."""
        ...

    async def email(self, person_id: UUID) -> Email | None:
        """The e-mail of an existing account, if it has one."""
        ...

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        """Save an account and say what happened; with an e-mail, it is the account's from now on."""
        ...

    async def unopened(self, until: datetime, most: int) -> Sequence[UUID]:
        """Whose unopened account, or what is left of it, is kept until then or not so long."""
        ...

    async def remove_account(self, account: Account, *events: Event) -> None:
        """Remove an account and say so; its e-mail is free."""
        ...

    async def attempts(self, of: Nir | UUID) -> Attempts:
        """What was tried on a number, known or not, or by whoever is logged in as a person."""
        ...

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        """Save what was tried."""
        ...

    async def forget_attempts(self, person_id: UUID) -> None:
        """Forget what was tried by whoever was logged in as a person."""
        ...
