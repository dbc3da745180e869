"""What identity publishes: the life of an account and of its sessions."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.sealed import Sealed


class Channel(StrEnum):
    """Through what a person came. A tablet counts as app."""

    WEB = "web"
    APP = "app"


class ResetReason(StrEnum):
    """Why a provisional code was issued after the account's creation."""

    FORGOTTEN = "forgotten"
    UNUSED = "unused"


class AttemptReason(StrEnum):
    """Why an account creation was not carried out although the details were right."""

    ACCOUNT_EXISTS = "account-exists"
    EMAIL_TAKEN = "email-taken"


class LogIn(BaseModel):
    """One successful log-in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    channel: Channel


class AccountCreated(Event, type="identity.AccountCreated.v1"):
    """An insured person has an account (compte ameli); its e-mail is not validated yet.

    The e-mail and the provisional code are sealed to notifications. Comes again for a person when an account
    that nobody opened starts over, with another e-mail: the newest holds.
    """

    last_name: str
    first_name: str
    birth_date: date
    caisse: str
    email: Sealed
    provisional_code: Sealed
    code_expires_at: datetime
    created_at: datetime


class CodeReset(Event, type="identity.CodeReset.v1"):
    """A new provisional code was issued; earlier provisional codes are void, the own code still works."""

    reason: ResetReason
    provisional_code: Sealed
    code_expires_at: datetime


class AccountCreationAttempted(Event, type="identity.AccountCreationAttempted.v1"):
    """Somebody asked for an account with this person's NIR or e-mail, and got the neutral answer."""

    reason: AttemptReason
    attempted_at: datetime


class EmailValidated(Event, type="identity.EmailValidated.v1"):
    """The person proved to read the account's e-mail, by using a code sent there."""

    validated_at: datetime


class CodeChosen(Event, type="identity.CodeChosen.v1"):
    """The person chose an own access code; the account's other sessions have ended."""

    chosen_at: datetime
    channel: Channel


class LoggedIn(Event, type="identity.LoggedIn.v1"):
    """A log-in succeeded. Carries the one before it, which is what the home page shows."""

    session_id: UUID
    current: LogIn
    previous: LogIn | None
    failed_attempts_since: int


class SessionRevoked(Event, type="identity.SessionRevoked.v1"):
    """These sessions are over; whoever verifies tokens refuses theirs within 5 seconds."""

    session_ids: tuple[UUID, ...]
    revoked_at: datetime
