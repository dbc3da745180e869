"""What the use cases ask of accounts, their e-mails and what was tried on them."""

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

    async def account_by_nir(self, nir: Nir) -> Account | None:
        """The account of the person with this number; takes as long when there is none."""
        ...

    async def account_by_email(self, email: Email) -> Account | None:
        """The account that this e-mail belongs to."""
        ...

    async def email(self, person_id: UUID) -> Email:
        """The e-mail of an existing account."""
        ...

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        """Save an account and say what happened; a new one needs its e-mail."""
        ...

    async def attempts(self, of: Nir | UUID) -> Attempts:
        """What was tried on a number, known or not, or by whoever is logged in as a person."""
        ...

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        """Save what was tried."""
        ...
