"""FranceConnect's ceremonies and links."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Conflict, Document, Index
from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.federation import Ceremony, Link, PendingLink, Review
from services.identity.domain.pivot import PivotIdentity
from services.identity.store.accounts import account_document
from services.identity.store.base import Base, plain

# An agent has so long; whoever comes again later asks again.
REVIEWS_KEPT = timedelta(days=90)
INDEXES: Mapping[str, Sequence[Index]] = {
    "ceremonies": [Index(("expires_at",), expire_after=timedelta(0))],
    "federated": [Index(("person_id",))],
    "pending_links": [Index(("expires_at",), expire_after=timedelta(0)), Index(("person_id",))],
    "reviews": [Index(("asked_at",), expire_after=REVIEWS_KEPT)],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {"reviews": ("pivot",)}

_ceremonies = TypeAdapter(Ceremony)
_links = TypeAdapter(Link)
_pending = TypeAdapter(PendingLink)
_pivots = TypeAdapter(PivotIdentity)


class FederationStore(Base):
    """Log-ins that left for FranceConnect, whose account they open, and what waits. Subjects are keyed hashes."""

    async def save_ceremony(self, ceremony: Ceremony) -> None:
        """Keep a log-in that leaves until it comes back or is too late."""
        document = plain(_ceremonies.dump_python(ceremony, exclude={"state_hash"}))
        await self._tx["ceremonies"].insert({"_id": ceremony.state_hash, **document})

    async def ceremony(self, state_hash: str) -> Ceremony | None:
        """The log-in that left with this state, unless it came back."""
        found = await self._tx["ceremonies"].find_one({"_id": state_hash})
        return _ceremonies.validate_python({**found, "state_hash": found["_id"]}, extra="ignore") if found else None

    async def end_ceremony(self, ceremony: Ceremony) -> None:
        """This log-in came back: it can't again."""
        if not await self._tx["ceremonies"].delete({"_id": ceremony.state_hash}):
            raise Conflict

    async def link(self, subject: str) -> Link | None:
        """Whose account a subject opens."""
        found = await self._tx["federated"].find_one({"_id": subject})
        return _links.validate_python({**found, "subject": found["_id"]}, extra="ignore") if found else None

    async def save_link(self, link: Link) -> None:
        """Let a subject open an account, or another one than before."""
        document = plain(_links.dump_python(link, exclude={"subject"}))
        await self._tx["federated"].replace({"_id": link.subject}, {"_id": link.subject, **document}, upsert=True)

    async def save_pending_link(self, pending: PendingLink) -> None:
        """Keep a link that waits for the account's code."""
        document = plain(_pending.dump_python(pending, exclude={"ticket_hash"}))
        await self._tx["pending_links"].insert({"_id": pending.ticket_hash, **document})

    async def pending_link(self, ticket_hash: str) -> PendingLink | None:
        """A link that waits for the account's code."""
        found = await self._tx["pending_links"].find_one({"_id": ticket_hash})
        return _pending.validate_python({**found, "ticket_hash": found["_id"]}, extra="ignore") if found else None

    async def end_pending_link(self, pending: PendingLink) -> None:
        """This link waits no more."""
        if not await self._tx["pending_links"].delete({"_id": pending.ticket_hash}):
            raise Conflict

    async def forget_links(self, person_id: UUID) -> None:
        """No subject opens the person's account any more, and none waits for its code."""
        for name in ("federated", "pending_links"):
            await self._tx[name].delete({"person_id": str(person_id)})

    async def save_review(self, review: Review) -> None:
        """Ask an agent, once for one subject."""
        if await self._tx["reviews"].find_one({"_id": review.subject}, only=["_id"]):
            return
        document = {
            "_id": review.subject,
            "pivot": await self._cipher.encrypt(_pivots.dump_json(review.pivot).decode()),
            "candidates": [str(each) for each in review.candidates],
            "asked_at": review.asked_at,
        }
        await self._tx["reviews"].insert(document)

    async def open_reviews(self, most: int) -> Sequence[str]:
        """The subjects that wait for an agent, the oldest first."""
        return [each["_id"] for each in await self._tx["reviews"].find({}, sort=("asked_at",), limit=most)]

    async def review(self, subject: str) -> Review | None:
        """What an agent is to find out of this subject."""
        found = await self._tx["reviews"].find_one({"_id": subject})
        return await self._review(found) if found else None

    async def end_review(self, review: Review) -> None:
        """The agent has found out."""
        if not await self._tx["reviews"].delete({"_id": review.subject}):
            raise Conflict

    async def tell_each(self, *events: Event) -> None:
        """Say to each person what was done with what is known of them, and changed nothing of theirs."""
        for event in events:
            await self._tx.publish(event, subject=event.person_id)

    async def _review(self, found: Document) -> Review:
        pivot = _pivots.validate_json(await self._cipher.decrypt(found["pivot"]))
        candidates = tuple(UUID(each) for each in found["candidates"])
        return Review(found["_id"], pivot, candidates, found["asked_at"])

    async def save_account_without_email(self, account: Account, *events: Event) -> Account:
        """Save an account that has no e-mail, or not any more, and say what happened; the account as it is then."""
        document = {**account_document(account), "email": None, "email_index": f"none:{account.person_id}"}
        await self._save("accounts", str(account.person_id), document)
        await self._tx.publish(*events, subject=account.person_id)
        return replace(account, version=account.version + 1)
