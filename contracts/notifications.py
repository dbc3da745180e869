"""What notifications publishes: what became of each e-mail."""

from datetime import datetime
from enum import StrEnum

from contracts.event import Event


class EmailKind(StrEnum):
    """Every reason for which a person gets an e-mail."""

    ACCOUNT_CREATED = "account-created"
    CODE_RESET = "code-reset"
    CODE_CHOSEN = "code-chosen"
    CREATION_ATTEMPTED = "creation-attempted"
    CARD_ORDERED = "card-ordered"
    LOG_IN_CODE = "log-in-code"
    LOG_IN_BLOCKED = "log-in-blocked"
    NEW_DEVICE = "new-device"
    SESSION_COPIED = "session-copied"
    EMAIL_VALIDATION = "email-validation"
    EMAIL_CHANGE_REQUESTED = "email-change-requested"
    EMAIL_CHANGED = "email-changed"
    ACCOUNT_FROZEN = "account-frozen"
    ACCOUNT_REOPENED = "account-reopened"
    ACCOUNT_CLOSED = "account-closed"
    FRANCECONNECT_LINKED = "franceconnect-linked"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    NIR_CERTIFIED = "nir-certified"


class EmailSent(Event, type="notifications.EmailSent.v1"):
    """The mail server accepted the e-mail. `email_id` is the local part of its Message-ID."""

    email_id: str
    kind: EmailKind
    sent_at: datetime


class EmailFailed(Event, type="notifications.EmailFailed.v1"):
    """The e-mail reaches nobody: refused for good, expired before it could be sent, come back, or complained about.

    `reason` is `expired`, `invalid-address`, `smtp-<code>` (refused at once), `bounce` (accepted, and came back) or
    `complaint` (its reader calls it spam); a new word may come. `bounce` and `complaint` may follow `EmailSent`.
    `address_since`: since when, as identity told it, the address it went to was the account's (`created_at` of
    `AccountCreated`, `changed_at` of `EmailChanged`); null for any other address.
    """

    email_id: str
    kind: EmailKind
    reason: str
    failed_at: datetime
    address_since: datetime | None = None
