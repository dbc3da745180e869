"""See every mail through to its end: claim it, renew the claim, record the outcome, give up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain import contacts, mails
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import Claim, Mail, Outcome, State
from services.notifications.handlers.ports import Due, Store


async def due_mails(now: datetime, store: Store) -> Sequence[Due]:
    """Mails that may be taken now, or could a moment ago: claiming decides."""
    return await store.due(now)


async def overdue_mails(now: datetime, store: Store) -> Sequence[Due]:
    """Mails to be given up."""
    return await store.overdue(now)


@dataclass(frozen=True)
class ClaimMail:
    """A process wants to send a mail."""

    mail_id: str
    claim: Claim
    now: datetime


@dataclass(frozen=True)
class Taken:
    """What became of a mail that somebody wanted to send; claimed mails come with their addressee."""

    mail: Mail
    addressee: Addressee | None


async def claim_mail(command: ClaimMail, store: Store) -> Taken | None:
    """Claim a due mail, unless something speaks against sending it. None: somebody else was faster."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_due(command.now):
        return None
    addressee = contacts.addressee(mail, await store.contact(mail.person_id))
    taken = mails.take(
        mail,
        command.claim,
        has_address=addressee is not None,
        has_newer_code=mail.code is not None and await store.has_newer_code(mail.person_id, mail.code),
        now=command.now,
        address_since=addressee.since if addressee else None,
    )
    await store.save(mail, taken)
    return Taken(taken, addressee if taken.state is State.CLAIMED else None)


@dataclass(frozen=True)
class RenewClaim:
    """The holder of a claim is still sending."""

    mail_id: str
    token: str
    now: datetime


async def renew_claim(command: RenewClaim, store: Store) -> bool:
    """Keep the claim for another lease; False when it is no longer held."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_held_by(command.token):
        return False
    await store.save(mail, mails.renew(mail, command.now))
    return True


@dataclass(frozen=True)
class FinishSending:
    """The holder of a claim knows what became of its try."""

    mail_id: str
    token: str
    outcome: Outcome
    now: datetime


async def finish_sending(command: FinishSending, store: Store) -> State | None:
    """Record the outcome with its event; None when the claim was taken over since, and then nothing changes."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_held_by(command.token):
        return None
    after, event = mails.finish(mail, command.outcome, command.now)
    await store.save(mail, after, *([event] if event else []))
    return after.state


@dataclass(frozen=True)
class ExpireMail:
    """A mail's time is over."""

    mail_id: str
    now: datetime


async def expire_mail(command: ExpireMail, store: Store) -> State | None:
    """Give an overdue mail up and say so, unless it had nowhere to go; None when it is not (or no longer) overdue."""
    mail = await store.mail(command.mail_id)
    if mail is None or not mail.is_overdue(command.now):
        return None
    contact = await store.contact(mail.person_id)
    after, event = mails.give_up(mail, command.now, has_no_address=contact.has_no_address)
    await store.save(mail, after, *([event] if event else []))
    return after.state


@dataclass(frozen=True)
class TakeBackClaims:
    """The process `owner` starts: what it had claimed before, it is not sending any more."""

    owner: str
    now: datetime


async def take_back_claims(command: TakeBackClaims, store: Store) -> int:
    """Let the mails of a process that died be sent at once; how many there were."""
    claimed = await store.claimed_by(command.owner)
    for mail in claimed:
        await store.save(mail, mails.take_back(mail, command.now))
    return len(claimed)
