"""What an agent of the caisse does for a person who has shown, at the counter (guichet), who they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.acting import Doer
from contracts.problems import NotFound
from services.identity.domain import federation, recovery
from services.identity.domain.account import Letter
from services.identity.domain.email import Email
from services.identity.domain.federation import Link, Review
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.nir import Nir
from services.identity.handlers.ports import Store
from services.identity.handlers.voiding import void_ways_in


@dataclass(frozen=True)
class RestoreAccess:
    """The person with this number can be reached at this address, and at no other."""

    nir: Nir
    email: Email
    letter: Letter = field(repr=False)
    now: datetime


async def restore_access(command: RestoreAccess, store: Store) -> UUID:
    """Mail a code to the address; whatever opened the account before opens it no more. Raises NotRestored."""
    person = await store.insured(command.nir)
    account = await store.account(person.id) if person else None
    holder = await store.account_by_email(command.email)
    restored, told = recovery.restore(account, holder, command.letter, store.parameters, command.now)
    await store.save_account(restored, *told, email=command.email)
    await void_ways_in(restored.person_id, command.now, store, by=Doer.AGENT)
    return restored.person_id


@dataclass(frozen=True)
class ListReviews:
    """Which persons of FranceConnect wait for an agent; at most so many."""

    most: int


async def list_reviews(query: ListReviews, store: Store) -> Sequence[str]:
    """By what each question goes, the oldest first; who it is about is shown by `read_review` alone."""
    return await store.open_reviews(query.most)


@dataclass(frozen=True)
class ReadReview:
    """An agent looks at one question."""

    subject: str = field(repr=False)
    now: datetime


async def read_review(command: ReadReview, store: Store) -> tuple[Review, Sequence[InsuredPerson]] | None:
    """The question with the insured persons it may be, each of whom hears of the look; None once it is decided."""
    review = await store.review(command.subject)
    if review is None:
        return None
    entries = [await store.register_entry(each) for each in review.candidates]
    persons = [each.person for each in entries if each]
    await store.tell_each(*federation.shown(persons, command.now))
    return review, persons


@dataclass(frozen=True)
class DecideReview:
    """The agent found out who it is; None: nobody of those."""

    subject: str = field(repr=False)
    person_id: UUID | None
    now: datetime


async def decide_review(command: DecideReview, store: Store) -> None:
    """Let FranceConnect open that person's account from now on, or forget the question; all whom it was about hear it.

    Raises NotFound for a question that is not open, and for a person it was not about.
    """
    review = await store.review(command.subject)
    if review is None:
        raise NotFound
    told = federation.decide(review, command.person_id, command.now)
    await store.end_review(review)
    await store.tell_each(*told)
    if command.person_id is None:
        return
    account = await store.account(command.person_id)
    if account is None or account.pending:
        await store.save_link(Link(review.subject, command.person_id, command.now))
        return
    link, account, linked = federation.link_to(review.subject, account, command.now, by=Doer.AGENT)
    await store.save_link(link)
    await store.save_account(account, linked)
