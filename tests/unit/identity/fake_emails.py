"""The fake store's part for e-mail changes and for links that were followed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.event import Event
from services.identity.domain.emails import EmailChange


class FakeEmails:
    """In dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.email_changes_by_token: dict[str, EmailChange] = {}
        self.used_links: set[str] = set()

    async def email_change(self, token_hash: str) -> EmailChange | None:
        return self.email_changes_by_token.get(token_hash)

    async def email_changes(self, person_id: UUID, since: datetime) -> Sequence[EmailChange]:
        mine = [each for each in self.email_changes_by_token.values() if each.person_id == person_id]
        recent = [each for each in mine if each.requested_at > since]
        return sorted(recent, key=lambda each: each.requested_at, reverse=True)

    async def save_email_changes(self, changes: Sequence[EmailChange], *events: Event) -> None:
        for change in changes:
            known = self.email_changes_by_token.get(change.token_hash)
            assert (known is None) if change.ended_at is None else (known and known.ended_at is None)
            self.email_changes_by_token[change.token_hash] = change
        self.events += events

    async def forget_email_changes(self, person_id: UUID) -> None:
        kept = {key: each for key, each in self.email_changes_by_token.items() if each.person_id != person_id}
        self.email_changes_by_token = kept

    async def link_used(self, link_id: str) -> bool:
        return link_id in self.used_links

    async def save_link_use(self, link_id: str) -> None:
        assert link_id not in self.used_links
        self.used_links.add(link_id)
