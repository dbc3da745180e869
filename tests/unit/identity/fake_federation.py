"""The fake store's part for federation."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.federation import Ceremony, Link, PendingLink, Review


class FakeFederation:
    """In dictionaries."""

    accounts: dict[UUID, Account]
    emails: dict[UUID, Email]
    events: list[Event]

    def __init__(self) -> None:
        super().__init__()
        self.leaving: dict[str, Ceremony] = {}
        self.links: dict[str, Link] = {}
        self.pending_links: dict[str, PendingLink] = {}
        self.kept_reviews: dict[str, Review] = {}

    async def save_ceremony(self, ceremony: Ceremony) -> None:
        assert ceremony.state_hash not in self.leaving
        self.leaving[ceremony.state_hash] = ceremony

    async def ceremony(self, state_hash: str) -> Ceremony | None:
        return self.leaving.get(state_hash)

    async def end_ceremony(self, ceremony: Ceremony) -> None:
        del self.leaving[ceremony.state_hash]

    async def link(self, subject: str) -> Link | None:
        return self.links.get(subject)

    async def save_link(self, link: Link) -> None:
        self.links[link.subject] = link

    async def save_pending_link(self, pending: PendingLink) -> None:
        assert pending.ticket_hash not in self.pending_links
        self.pending_links[pending.ticket_hash] = pending

    async def pending_link(self, ticket_hash: str) -> PendingLink | None:
        return self.pending_links.get(ticket_hash)

    async def end_pending_link(self, pending: PendingLink) -> None:
        del self.pending_links[pending.ticket_hash]

    async def forget_links(self, person_id: UUID) -> None:
        self.links = {key: each for key, each in self.links.items() if each.person_id != person_id}
        self.pending_links = {key: each for key, each in self.pending_links.items() if each.person_id != person_id}

    async def save_review(self, review: Review) -> None:
        self.kept_reviews.setdefault(review.subject, review)

    async def open_reviews(self, most: int) -> Sequence[str]:
        return [each.subject for each in sorted(self.kept_reviews.values(), key=lambda each: each.asked_at)][:most]

    async def review(self, subject: str) -> Review | None:
        return self.kept_reviews.get(subject)

    async def end_review(self, review: Review) -> None:
        del self.kept_reviews[review.subject]

    async def tell_each(self, *events: Event) -> None:
        self.events += events

    async def save_account_without_email(self, account: Account, *events: Event) -> Account:
        known = self.accounts.get(account.person_id)
        assert account.version == (known.version if known else 0)
        saved = replace(account, version=account.version + 1)
        self.accounts[account.person_id] = saved
        self.emails.pop(account.person_id, None)
        self.events += events
        return saved
