"""What the use cases ask of e-mail changes that wait to be validated, and of links that were mailed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.emails import EmailChange


class Emails(Protocol):
    """E-mail changes, and which links were followed."""

    async def email_change(self, token_hash: str) -> EmailChange | None:
        """The change that this token validates, over or not."""
        ...

    async def email_changes(self, person_id: UUID, since: datetime) -> Sequence[EmailChange]:
        """What a person asked for after that instant, the newest first."""
        ...

    async def save_email_changes(self, changes: Sequence[EmailChange], *events: Event) -> None:
        """Keep changes that are new, or that have ended, and say what happened."""
        ...

    async def forget_email_changes(self, person_id: UUID) -> None:
        """Forget whatever a person asked for."""
        ...

    async def link_used(self, link_id: str) -> bool:
        """Whether a link that works once was followed."""
        ...

    async def save_link_use(self, link_id: str) -> None:
        """Keep that a link was followed, for longer than links work."""
        ...
