"""Hearing of mails that reached nobody."""

from dataclasses import dataclass
from uuid import UUID

from services.identity.domain import reach
from services.identity.domain.reach import FailedMail
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class NoteFailedMail:
    """A mail to a person reached nobody."""

    person_id: UUID
    mail: FailedMail


async def note_failed_mail(command: NoteFailedMail, store: Store) -> None:
    """Remember, and say once, that the account's address takes no mail, if this mail shows it."""
    account = await store.account(command.person_id)
    if account is None or await store.email(command.person_id) is None:
        return
    account, events = reach.mail_failed(account, command.mail)
    if events:
        await store.save_account(account, *events)
