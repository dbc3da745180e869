"""Who did what with a person's data: one entry for each fact that any service told (domain B4)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts import identity, notifications, payments, procedures
from contracts.acting import Acted, Doer
from contracts.channel import Channel
from contracts.event import Event
from contracts.identity import ClosureReason, LogInWay
from contracts.viewing import Viewed
from services.identity.domain.parameters import Parameters


class What(StrEnum):
    """What happened."""

    ACCOUNT_CREATED = "account-created"
    ACCOUNT_CLOSED = "account-closed"
    ACCOUNT_FROZEN = "account-frozen"
    ACCOUNT_REOPENED = "account-reopened"
    CREATION_ATTEMPTED = "creation-attempted"
    LOGGED_IN = "logged-in"
    LOG_IN_BLOCKED = "log-in-blocked"
    DEVICE_CHALLENGED = "device-challenged"
    SESSIONS_ENDED = "sessions-ended"
    CODE_ASKED = "code-asked"
    CODE_CHOSEN = "code-chosen"
    EMAIL_CHANGE_ASKED = "email-change-asked"
    EMAIL_CHANGED = "email-changed"
    EMAIL_VALIDATED = "email-validated"
    EMAIL_FOUND_DEAD = "email-found-dead"
    FRANCECONNECT_LINKED = "franceconnect-linked"
    REVIEW_READ = "review-read"
    REVIEW_CONFIRMED = "review-confirmed"
    REVIEW_DENIED = "review-denied"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    NIR_CERTIFIED = "nir-certified"
    CAISSE_CHANGED = "caisse-changed"
    NAME_CHANGED = "name-changed"
    PROFILE_VIEWED = "profile-viewed"
    PAYMENTS_VIEWED = "payments-viewed"
    REIMBURSEMENT_PAID = "reimbursement-paid"
    REQUESTS_VIEWED = "requests-viewed"
    CARD_ORDERED = "card-ordered"
    EMAIL_SENT = "email-sent"


class Who(StrEnum):
    """Who did it. A stranger is anybody who was not logged in, the person perhaps."""

    SELF = "self"
    CAISSE = "caisse"
    STRANGER = "stranger"
    AGENT = "agent"
    HELPER = "helper"


@dataclass(frozen=True)
class Entry:
    """One line of the log, which nothing changes; at `expires_at` it is gone.

    `failed_attempts` are the wrong codes that came before.
    """

    id: UUID
    person_id: UUID
    at: datetime
    service: str
    what: What
    who: Who
    expires_at: datetime
    channel: Channel | None = None
    session_id: UUID | None = None
    way: LogInWay | None = None
    failed_attempts: int = 0


NOTED: Mapping[type[Event], tuple[What, Who]] = {
    identity.AccountCreated: (What.ACCOUNT_CREATED, Who.SELF),
    identity.AccountClosed: (What.ACCOUNT_CLOSED, Who.CAISSE),
    identity.AccountFrozen: (What.ACCOUNT_FROZEN, Who.SELF),
    identity.AccountReopened: (What.ACCOUNT_REOPENED, Who.SELF),
    identity.AccountCreationAttempted: (What.CREATION_ATTEMPTED, Who.STRANGER),
    identity.LoggedIn: (What.LOGGED_IN, Who.SELF),
    identity.LogInBlocked: (What.LOG_IN_BLOCKED, Who.STRANGER),
    identity.DeviceChallenged: (What.DEVICE_CHALLENGED, Who.STRANGER),
    identity.SessionRevoked: (What.SESSIONS_ENDED, Who.SELF),
    identity.CodeReset: (What.CODE_ASKED, Who.STRANGER),
    identity.CodeChosen: (What.CODE_CHOSEN, Who.SELF),
    identity.EmailChangeRequested: (What.EMAIL_CHANGE_ASKED, Who.SELF),
    identity.EmailChanged: (What.EMAIL_CHANGED, Who.SELF),
    identity.EmailValidated: (What.EMAIL_VALIDATED, Who.SELF),
    identity.EmailFoundDead: (What.EMAIL_FOUND_DEAD, Who.CAISSE),
    identity.FranceConnectLinked: (What.FRANCECONNECT_LINKED, Who.SELF),
    identity.ReviewRead: (What.REVIEW_READ, Who.AGENT),
    identity.ReviewDecided: (What.REVIEW_DENIED, Who.AGENT),
    identity.PasskeyAdded: (What.PASSKEY_ADDED, Who.SELF),
    identity.PasskeyRemoved: (What.PASSKEY_REMOVED, Who.SELF),
    identity.NirCertified: (What.NIR_CERTIFIED, Who.CAISSE),
    identity.CaisseChanged: (What.CAISSE_CHANGED, Who.CAISSE),
    identity.NameChanged: (What.NAME_CHANGED, Who.CAISSE),
    identity.ProfileViewed: (What.PROFILE_VIEWED, Who.SELF),
    payments.PaymentsViewed: (What.PAYMENTS_VIEWED, Who.SELF),
    payments.ReimbursementPaid: (What.REIMBURSEMENT_PAID, Who.CAISSE),
    procedures.RequestsViewed: (What.REQUESTS_VIEWED, Who.SELF),
    procedures.CardOrdered: (What.CARD_ORDERED, Who.SELF),
    notifications.EmailSent: (What.EMAIL_SENT, Who.CAISSE),
}
CLOSERS = {ClosureReason.NEVER_OPENED: Who.CAISSE, ClosureReason.ASKED: Who.SELF}
DECISIONS = {True: What.REVIEW_CONFIRMED, False: What.REVIEW_DENIED}
DOERS = {Doer.SELF: Who.SELF, Doer.HELPER: Who.HELPER, Doer.AGENT: Who.AGENT}


def entry(event: Event, event_id: UUID, at: datetime, rules: Parameters) -> Entry:
    """The line that an event of the table above leaves."""
    what, who = NOTED[type(event)]
    if isinstance(event, identity.ReviewDecided):
        what = DECISIONS[event.chosen]
    known: dict[str, Any] = {
        "id": event_id,
        "person_id": event.person_id,
        "at": at,
        "service": event.type.partition(".")[0],
        "what": what,
        "who": _doer(event) or who,
        "expires_at": at + rules.minutes("access-log.kept-minutes", at),
    }
    return Entry(**{**known, **_particulars(event)})


def _doer(event: Event) -> Who | None:
    """Who did it, where the event itself says so."""
    match event:
        case identity.CodeReset(reason=identity.ResetReason.BY_CAISSE):
            return Who.AGENT
        case identity.SessionRevoked(copied=True):
            return Who.STRANGER
        case identity.AccountClosed(reason=reason):
            return CLOSERS[reason]
        case Acted(by=doer) | Viewed(viewer=doer):
            return DOERS[doer]
        case _:
            return None


def _particulars(event: Event) -> dict[str, Any]:
    match event:
        case identity.LoggedIn(current=current, session_id=session, failed_attempts_since=failed):
            return {"channel": current.channel, "way": current.way, "session_id": session, "failed_attempts": failed}
        case identity.LogInBlocked(failed_attempts=failed):
            return {"failed_attempts": failed}
        case identity.AccountReopened(way=way):
            return {"way": way}
        case Viewed():
            return {"channel": event.channel, "session_id": event.session_id}
        case (
            identity.DeviceChallenged()
            | identity.CodeChosen()
            | identity.PasskeyAdded()
            | identity.PasskeyRemoved()
            | identity.AccountClosed()
        ):
            return {"channel": event.channel}
        case _:
            return {}


@dataclass(frozen=True)
class Position:
    """The place of an entry in the log: newest first, then by id."""

    at: datetime
    entry_id: UUID

    @property
    def cursor(self) -> str:
        """The place as an opaque text."""
        return base64.urlsafe_b64encode(f"{_milliseconds(self.at)}|{self.entry_id}".encode()).decode()


def read_cursor(cursor: str) -> Position:
    """The place that a cursor names. Raises ValueError for a text that is no cursor."""
    try:
        at, _, entry_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition("|")
        position = Position(datetime.fromtimestamp(int(at) / 1000, UTC), UUID(entry_id))
    except (binascii.Error, OverflowError, OSError):
        raise ValueError("not a cursor") from None
    if position.cursor != cursor:
        raise ValueError("not a cursor")
    return position


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@dataclass(frozen=True)
class Page:
    """Some entries in a row, and where the next ones begin."""

    entries: tuple[Entry, ...]
    next_position: Position | None


def page(found: Sequence[Entry], size: int) -> Page:
    """The page of `found`, which holds up to one entry more than `size`."""
    shown = tuple(found[:size])
    last = Position(shown[-1].at, shown[-1].id) if len(found) > size else None
    return Page(shown, last)
