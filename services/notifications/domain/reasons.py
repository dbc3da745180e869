"""Why a person gets an e-mail, with the facts that it tells."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.channel import Channel
from contracts.identity import AttemptReason, LogIn, LogInWay, ResetReason
from contracts.notifications import EmailKind
from contracts.procedures import Actor


@dataclass(frozen=True)
class AccountOpened:
    """The person has an account (compte ameli) and gets its first provisional code.

    `address_freed`: another account, which nobody had opened, was closed for its address.
    """

    address_freed: bool = False
    kind: Literal[EmailKind.ACCOUNT_CREATED] = EmailKind.ACCOUNT_CREATED


@dataclass(frozen=True)
class CodeRenewed:
    """The person gets another provisional code."""

    reason: ResetReason
    kind: Literal[EmailKind.CODE_RESET] = EmailKind.CODE_RESET


@dataclass(frozen=True)
class CodeChanged:
    """The person, or somebody in their place, chose a code."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.CODE_CHOSEN] = EmailKind.CODE_CHOSEN


@dataclass(frozen=True)
class CreationTried:
    """Somebody asked for an account with what belongs to this person.

    `address_free_at`: nobody has opened this person's account either, and from then on the address is free.
    """

    reason: AttemptReason
    at: datetime
    address_free_at: datetime | None = None
    kind: Literal[EmailKind.CREATION_ATTEMPTED] = EmailKind.CREATION_ATTEMPTED


@dataclass(frozen=True)
class DeviceDoubted:
    """The right code was typed on an unknown device, which this mail's code lets in."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.LOG_IN_CODE] = EmailKind.LOG_IN_CODE


@dataclass(frozen=True)
class CodesRefused:
    """Too many wrong codes were typed: none counts before `until`, or, with None, before there is a new one."""

    failed_attempts: int
    until: datetime | None
    at: datetime
    kind: Literal[EmailKind.LOG_IN_BLOCKED] = EmailKind.LOG_IN_BLOCKED


@dataclass(frozen=True)
class DeviceSeen:
    """Somebody logged in on an unknown device, and no code was mailed for it."""

    at: datetime
    channel: Channel
    way: LogInWay
    kind: Literal[EmailKind.NEW_DEVICE] = EmailKind.NEW_DEVICE


@dataclass(frozen=True)
class SessionCopied:
    """A log-in was continued from two places, and so ended for both."""

    at: datetime
    kind: Literal[EmailKind.SESSION_COPIED] = EmailKind.SESSION_COPIED


@dataclass(frozen=True)
class AddressWished:
    """Another address is wished for; said to the present one."""

    at: datetime
    kind: Literal[EmailKind.EMAIL_CHANGE_REQUESTED] = EmailKind.EMAIL_CHANGE_REQUESTED


@dataclass(frozen=True)
class AddressDoubted:
    """Whoever reads the wished-for address is to follow this mail's link, and may be a stranger."""

    kind: Literal[EmailKind.EMAIL_VALIDATION] = EmailKind.EMAIL_VALIDATION


@dataclass(frozen=True)
class AddressChanged:
    """The person is now written to at another address: at the one this mail goes to (`here`), or no more at it."""

    at: datetime
    here: bool
    kind: Literal[EmailKind.EMAIL_CHANGED] = EmailKind.EMAIL_CHANGED


@dataclass(frozen=True)
class AccountBlocked:
    """Somebody followed the "ce n'est pas moi" link of a mail."""

    at: datetime
    kind: Literal[EmailKind.ACCOUNT_FROZEN] = EmailKind.ACCOUNT_FROZEN


@dataclass(frozen=True)
class AccountUnblocked:
    """The owner of a blocked account proved who they are."""

    at: datetime
    way: LogInWay
    kind: Literal[EmailKind.ACCOUNT_REOPENED] = EmailKind.ACCOUNT_REOPENED


@dataclass(frozen=True)
class AccountEnded:
    """The person, or somebody in their place, closed the account; nothing can be frozen any more."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.ACCOUNT_CLOSED] = EmailKind.ACCOUNT_CLOSED


@dataclass(frozen=True)
class FranceConnectOpens:
    """FranceConnect became a way into the account."""

    at: datetime
    kind: Literal[EmailKind.FRANCECONNECT_LINKED] = EmailKind.FRANCECONNECT_LINKED


@dataclass(frozen=True)
class PasskeyOpens:
    """A passkey (clé d'accès) became a way into the account."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.PASSKEY_ADDED] = EmailKind.PASSKEY_ADDED


@dataclass(frozen=True)
class PasskeyCloses:
    """A passkey (clé d'accès) is a way into the account no more."""

    at: datetime
    channel: Channel
    kind: Literal[EmailKind.PASSKEY_REMOVED] = EmailKind.PASSKEY_REMOVED


@dataclass(frozen=True)
class NumberCertified:
    """The person's provisional number became a definitive one; neither is ever written."""

    at: datetime
    kind: Literal[EmailKind.NIR_CERTIFIED] = EmailKind.NIR_CERTIFIED


@dataclass(frozen=True)
class CardAwaited:
    """A carte Vitale was ordered; `next_actor` must act next."""

    tracking_number: str
    next_actor: Actor
    ordered_on: date
    expected_on: date
    kind: Literal[EmailKind.CARD_ORDERED] = EmailKind.CARD_ORDERED


About = Annotated[
    AccountOpened
    | CodeRenewed
    | CodeChanged
    | CreationTried
    | DeviceDoubted
    | CodesRefused
    | DeviceSeen
    | SessionCopied
    | AddressWished
    | AddressDoubted
    | AddressChanged
    | AccountBlocked
    | AccountUnblocked
    | AccountEnded
    | FranceConnectOpens
    | PasskeyOpens
    | PasskeyCloses
    | NumberCertified
    | CardAwaited,
    Field(discriminator="kind"),
]


def device_seen(log_in: LogIn, *, new_device: bool) -> DeviceSeen | None:
    """What to tell of a log-in: nothing on a known device, nor where the mailed code already told of it."""
    if not new_device or log_in.way is LogInWay.CODE:
        return None
    return DeviceSeen(log_in.at, log_in.channel, log_in.way)


def may_reach_a_stranger(about: About) -> bool:
    """Whether nobody has proved to read the address: then the mail names nobody, and blocks nothing."""
    match about:
        case AccountOpened() | AddressDoubted():
            return True
        case CodeRenewed(reason=reason):
            return reason is ResetReason.UNUSED
        case CreationTried(address_free_at=free_at):
            return free_at is not None
        case _:
            return False


def is_told(about: About) -> bool:
    """Whether the person may know what became of the mail.

    Not of the one to an address that they wish for: it is only written while the address is nobody's, so whoever
    is logged in would find out which addresses have an account (reliability A3).
    """
    return about.kind is not EmailKind.EMAIL_VALIDATION


def can_be_disowned(about: About) -> bool:
    """Whether the mail is about who may open the account, and so brings the "ce n'est pas moi" link (domain B3)."""
    freezable = about.kind not in {EmailKind.CARD_ORDERED, EmailKind.ACCOUNT_CLOSED}
    return freezable and not may_reach_a_stranger(about)
