"""What the use cases ask of FranceConnect's ceremonies and links."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.federation import Ceremony, Link, PendingLink, Review


class Federation(Protocol):
    """Log-ins that left for FranceConnect, whose account they open, and what waits for a proof or an agent."""

    async def save_ceremony(self, ceremony: Ceremony) -> None:
        """Keep a log-in that leaves until it comes back or is too late."""
        ...

    async def ceremony(self, state_hash: str) -> Ceremony | None:
        """The log-in that left with this state, unless it came back."""
        ...

    async def end_ceremony(self, ceremony: Ceremony) -> None:
        """This log-in came back: it can't again."""
        ...

    async def link(self, subject: str) -> Link | None:
        """Whose account a subject opens."""
        ...

    async def save_link(self, link: Link) -> None:
        """Let a subject open an account, or another one than before."""
        ...

    async def save_pending_link(self, pending: PendingLink) -> None:
        """Keep a link that waits for the account's code."""
        ...

    async def pending_link(self, ticket_hash: str) -> PendingLink | None:
        """A link that waits for the account's code."""
        ...

    async def end_pending_link(self, pending: PendingLink) -> None:
        """This link waits no more."""
        ...

    async def forget_links(self, person_id: UUID) -> None:
        """No subject opens the person's account any more, and none waits for its code."""
        ...

    async def save_review(self, review: Review) -> None:
        """Ask an agent, once for one subject."""
        ...

    async def open_reviews(self, most: int) -> Sequence[str]:
        """The subjects that wait for an agent, the oldest first."""
        ...

    async def review(self, subject: str) -> Review | None:
        """What an agent is to find out of this subject."""
        ...

    async def end_review(self, review: Review) -> None:
        """The agent has found out."""
        ...

    async def tell_each(self, *events: Event) -> None:
        """Say to each person what was done with what is known of them, and changed nothing of theirs."""
        ...

    async def save_account_without_email(self, account: Account, *events: Event) -> Account:
        """Save an account that has no e-mail, or not any more, and say what happened; the account as it is then."""
        ...
