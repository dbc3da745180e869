"""To whom, and where, a person's mails go.

Each fact remembers the sequence of the event that told it and the newest wins, so an event that is replayed late
changes nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.notifications.domain.mails import Mail
from services.notifications.domain.reasons import may_reach_a_stranger


@dataclass(frozen=True)
class Contact:
    """How a person is named and where written to; `email` is None while the account has no address.

    `named_by` and `located_by` are the sequences of identity's events that told it; `located_at` is since when the
    address is the account's, as the event said.
    """

    first_name: str = ""
    last_name: str = ""
    email: str | None = field(default=None, repr=False)
    named_by: int = 0
    located_by: int = 0
    located_at: datetime | None = None

    @property
    def has_no_address(self) -> bool:
        """Whether identity said that there is none, which is more than not having said one yet."""
        return self.email is None and self.located_by > 0


@dataclass(frozen=True)
class Addressee:
    """Whom one mail goes to; `since` when the address is the account's, if it is."""

    first_name: str
    last_name: str
    email: str = field(repr=False)
    since: datetime | None = None


def name(contact: Contact, first_name: str, last_name: str, sequence: int) -> Contact:
    """The contact under this name, unless a newer event told another."""
    if contact.named_by >= sequence:
        return contact
    return replace(contact, first_name=first_name, last_name=last_name, named_by=sequence)


def locate(contact: Contact, email: str | None, sequence: int, at: datetime | None = None) -> Contact:
    """The contact at this address since then, unless a newer event told another."""
    if contact.located_by >= sequence:
        return contact
    return replace(contact, email=email, located_by=sequence, located_at=at)


def forget(contact: Contact, sequence: int) -> Contact:
    """The contact without name and address; what remains keeps older news from coming back."""
    return locate(name(contact, "", "", sequence), None, sequence)


def left_behind(contact: Contact, email: str, sequence: int) -> str | None:
    """The address that moving to `email` leaves; None when there is none, or the move is old news."""
    moves = contact.located_by < sequence and contact.email != email
    return contact.email if moves else None


def addressee(mail: Mail, contact: Contact) -> Addressee | None:
    """Whom a mail goes to: at its own address if it has one; None while no address is known."""
    email = mail.to or contact.email
    if email is None:
        return None
    since = mail.address_since if mail.to else contact.located_at
    if may_reach_a_stranger(mail.about):
        return Addressee("", "", email, since)
    return Addressee(contact.first_name, contact.last_name, email, since)
