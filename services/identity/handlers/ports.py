"""What the use cases need from outside: a store, inside one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import Parameters
from services.identity.domain.session import RefreshToken, Session
from services.identity.domain.throttle import Attempts


class Store(Protocol):
    """One transaction. What is saved was loaded in it; when somebody else was faster, all runs again."""

    parameters: Parameters

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        ...

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        ...

    async def save_entry(self, entry: RegisterEntry) -> None:
        """Add a person to the register, or replace what it holds."""
        ...

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

    async def session(self, session_id: UUID) -> Session | None:
        """A session, live or not."""
        ...

    async def live_sessions(self, person_id: UUID, now: datetime) -> Sequence[Session]:
        """A person's live sessions, the last used first."""
        ...

    async def save_sessions(self, sessions: Sequence[Session], *events: Event) -> None:
        """Save sessions of one person and say what happened."""
        ...

    async def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """A refresh token that was given out, used or not."""
        ...

    async def save_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token, or that one was used."""
        ...
