"""What identity publishes: the life of an account and of its sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.acting import Acted
from contracts.birth_date import BirthDate
from contracts.channel import Channel
from contracts.event import Event
from contracts.sealed import Sealed
from contracts.viewing import Viewed


class ResetReason(StrEnum):
    """Why a provisional code was issued after the account's creation."""

    FORGOTTEN = "forgotten"
    UNUSED = "unused"
    BY_CAISSE = "by-caisse"


class AttemptReason(StrEnum):
    """Why an account creation was not carried out although the details were right."""

    ACCOUNT_EXISTS = "account-exists"
    EMAIL_TAKEN = "email-taken"


class LogInWay(StrEnum):
    """With what a person proved to be who they are."""

    CODE = "code"
    FRANCECONNECT = "franceconnect"
    PASSKEY = "passkey"


class CreationWay(StrEnum):
    """With what a person was recognised when the account was made."""

    WEB_FORM = "web-form"
    CARD_AND_IBAN = "card-and-iban"
    FRANCECONNECT = "franceconnect"


class ClosureReason(StrEnum):
    """Why an account is no more."""

    NEVER_OPENED = "never-opened"
    ASKED = "asked"


class LogIn(BaseModel):
    """One successful log-in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    channel: Channel
    way: LogInWay = LogInWay.CODE


class AccountCreated(Event, type="identity.AccountCreated.v1"):
    """An insured person has an account (compte ameli); its e-mail is not validated yet.

    The e-mail and the provisional code are sealed to notifications; there are none when FranceConnect opened the
    account, which gets its e-mail by `EmailChanged`. Comes again for a person when an account that nobody
    opened starts over: the newest holds, its e-mail and code included. `address_freed`: the e-mail was that of
    another person's account, which nobody had opened and which is closed by this.
    """

    last_name: str
    first_name: str
    birth_date: BirthDate
    caisse: str
    way: CreationWay = CreationWay.WEB_FORM
    email: Sealed | None
    provisional_code: Sealed | None
    code_expires_at: datetime | None
    created_at: datetime
    address_freed: bool = False


class CodeReset(Event, type="identity.CodeReset.v1"):
    """A new provisional code was issued; earlier provisional codes are void, the own code still works."""

    reason: ResetReason
    provisional_code: Sealed
    code_expires_at: datetime


class AccountCreationAttempted(Event, type="identity.AccountCreationAttempted.v1"):
    """Somebody asked for an account with this person's NIR or e-mail, and got the neutral answer.

    `address_free_at`: nobody has opened this person's account yet; if nobody does, whoever asks from then on gets
    the address.
    """

    reason: AttemptReason
    attempted_at: datetime
    address_free_at: datetime | None = None


class EmailValidated(Acted, type="identity.EmailValidated.v1"):
    """The account's e-mail is its owner's: they used a code that was sent there, or gave it to an agent in person.

    Comes again, if it was found dead.
    """

    validated_at: datetime


class EmailFoundDead(Event, type="identity.EmailFoundDead.v1"):
    """The account's e-mail address takes no mail of ours, until `EmailValidated`, `EmailChanged` or a new account.

    Mails are still tried there; what depends on them should offer another way.
    """

    found_at: datetime


class CodeChosen(Event, type="identity.CodeChosen.v1"):
    """The person chose an own access code; the account's other sessions have ended."""

    chosen_at: datetime
    channel: Channel


class LoggedIn(Event, type="identity.LoggedIn.v1"):
    """A log-in succeeded. Carries the one before it, which is what the home page shows.

    `new_device`: the device was not known, and nothing but this event tells the owner of it.
    """

    session_id: UUID
    current: LogIn
    previous: LogIn | None
    failed_attempts_since: int
    new_device: bool = False


class ProfileViewed(Viewed, type="identity.ProfileViewed.v1"):
    """A person's profile, sessions, devices or passkeys were looked at; said once for each session that does."""


class SessionRevoked(Acted, type="identity.SessionRevoked.v1"):
    """These sessions are over; whoever verifies tokens refuses theirs within 5 seconds.

    `copied`: a token that continues the session came twice, so somebody else may have had it.
    """

    session_ids: tuple[UUID, ...]
    revoked_at: datetime
    copied: bool = False


class DeviceChallenged(Event, type="identity.DeviceChallenged.v1"):
    """The right code was typed on a device that is not known: this second code, sent by e-mail, lets it in."""

    code: Sealed
    code_expires_at: datetime
    channel: Channel
    challenged_at: datetime


class LogInBlocked(Event, type="identity.LogInBlocked.v1"):
    """So many wrong codes were typed that the next one must wait until `until`, or, with None, for a new code."""

    failed_attempts: int
    until: datetime | None
    blocked_at: datetime


class EmailChangeRequested(Event, type="identity.EmailChangeRequested.v1"):
    """A person wants another e-mail address; the present one holds until the new one is validated.

    The new address and the token that validates it are sealed to notifications, and absent when the address
    belongs to another account: the owner of the present one is told all the same.
    """

    new_email: Sealed | None
    token: Sealed | None
    expires_at: datetime
    requested_at: datetime


class EmailChanged(Acted, type="identity.EmailChanged.v1"):
    """The person is written to at this validated address from now on; sealed to notifications."""

    email: Sealed
    changed_at: datetime


class AccountFrozen(Event, type="identity.AccountFrozen.v1"):
    """The owner said "ce n'est pas moi": no code, device or passkey opens the account, and no session goes on."""

    frozen_at: datetime


class AccountReopened(Event, type="identity.AccountReopened.v1"):
    """The owner of a frozen account proved who they are, and it works again.

    `address_dropped`: the account has no e-mail any more, since whoever was locked out may have chosen it.
    """

    reopened_at: datetime
    way: LogInWay
    address_dropped: bool = False


class FranceConnectLinked(Acted, type="identity.FranceConnectLinked.v1"):
    """FranceConnect opens the account from now on."""

    linked_at: datetime


class ReviewRead(Event, type="identity.ReviewRead.v1"):
    """An agent was shown who the person is, to find out whom FranceConnect named; said at each look.

    Everybody whom it may be hears of it, those who have no account too.
    """

    read_at: datetime


class ReviewDecided(Event, type="identity.ReviewDecided.v1"):
    """An agent found out whom FranceConnect named; everybody whom it might have been hears whether they are `chosen`.

    FranceConnect opens the account of whoever is: one that is open already from now on, which `FranceConnectLinked`
    says too, any other when they come again.
    """

    chosen: bool
    decided_at: datetime


class PasskeyAdded(Event, type="identity.PasskeyAdded.v1"):
    """A passkey opens the account from now on."""

    added_at: datetime
    channel: Channel


class PasskeyRemoved(Event, type="identity.PasskeyRemoved.v1"):
    """A passkey opens the account no more."""

    removed_at: datetime
    channel: Channel


class NirCertified(Event, type="identity.NirCertified.v1"):
    """A provisional number (NIA) became a definitive one (NIR); both name the same person. Sealed to procedures."""

    old: Sealed
    new: Sealed
    certified_at: datetime


class CaisseChanged(Event, type="identity.CaisseChanged.v1"):
    """The person belongs to another caisse, having moved; both are codes of the caisse's register."""

    caisse: str
    previous_caisse: str
    changed_at: datetime


class NameChanged(Event, type="identity.NameChanged.v1"):
    """The caisse's register names a person who has an account otherwise; `last_name` is the one that they go by."""

    first_name: str
    last_name: str
    changed_at: datetime


class AccountClosed(Event, type="identity.AccountClosed.v1"):
    """The account is no more, and its e-mail address is free; what the person was paid and asked for remains.

    An account that its owner closed says through what, and at which address the owner is told, if one was validated:
    sealed to notifications. May be followed by `AccountCreated` of the same person.
    """

    reason: ClosureReason
    closed_at: datetime
    channel: Channel | None = None
    email: Sealed | None = None
