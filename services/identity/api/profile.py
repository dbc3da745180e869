"""What a person sees of their own account."""

from collections.abc import Callable
from datetime import datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork, Now
from chassis.viewings import Noted
from contracts.channel import Channel
from contracts.identity import LogIn, LogInWay
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.parts import Say
from services.identity.domain.email import Email
from services.identity.handlers.profile import Profile

router = APIRouter(tags=["account"])

DEAD_ADDRESS = Text(
    "Cette adresse ne reçoit pas nos messages. Changez-la, ou contactez votre caisse au 36 46.",
    "This address does not get our messages. Change it, or call your caisse on 36 46.",
)


class LogInView(BaseModel):
    """A log-in: when, through what, and with what."""

    at: datetime
    channel: Channel
    way: LogInWay

    @classmethod
    def of(cls, log_in: LogIn | None) -> Self | None:
        """The view of a log-in, if there was one."""
        return cls(**log_in.model_dump()) if log_in else None


class ProfileView(BaseModel):
    """What a person sees of themselves. E-mails are masked; no number is shown (reliability A21).

    `previous_log_in` is the one before the present session's, and `failed_attempts_since` counts the wrong codes
    between the two (F53). `email_dead_since`: when the e-mail turned out to get no mail; `email_advice`: what to do.
    """

    person_id: UUID
    first_name: str
    last_name: str
    caisse: str
    email: str | None
    email_validated: bool
    email_dead_since: datetime | None
    email_advice: str | None
    pending_email: str | None
    created_at: datetime
    previous_log_in: LogInView | None
    failed_attempts_since: int
    franceconnect_linked: bool
    passkeys: int
    devices: int

    @classmethod
    def of(cls, profile: Profile, say: Callable[[Text], str]) -> Self:
        """The profile, masked, in the reader's language."""
        person, account = profile.person, profile.account
        return cls(
            person_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            caisse=person.caisse,
            email=_masked(profile.email),
            email_validated=account.email_validated_at is not None,
            email_dead_since=account.email_dead_since,
            email_advice=say(DEAD_ADDRESS) if account.email_dead_since else None,
            pending_email=_masked(profile.pending_email),
            created_at=account.created_at,
            previous_log_in=LogInView.of(account.previous_log_in),
            failed_attempts_since=account.failed_before,
            franceconnect_linked=account.franceconnect_at is not None,
            passkeys=profile.passkeys,
            devices=profile.devices,
        )


def _masked(email: Email | None) -> str | None:
    return email.masked if email else None


@router.get("/me", operation_id="read_profile", summary="The profile")
async def read_profile(person: CurrentPerson, work: CurrentWork, noted: Noted, *, say: Say, now: Now) -> ProfileView:
    """The profile of whoever is logged in."""
    profile = await work.read(handlers.read_profile, handlers.ReadProfile(person.id, now))
    await noted()
    return ProfileView.of(profile, say)
