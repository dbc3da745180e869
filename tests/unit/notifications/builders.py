"""Mails and their reasons, with only what a test cares about to be named."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.identity import AttemptReason, Channel, ResetReason
from contracts.procedures import Actor
from contracts.sealed import Sealed
from services.notifications import domain
from services.notifications.domain import (
    About,
    AccountOpened,
    CardAwaited,
    Claim,
    Code,
    CodeChanged,
    CodeRenewed,
    Contact,
    CreationTried,
    Mail,
)

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)
CODE_LIFE = timedelta(minutes=10)
MINE = Claim("token-1", "me")
OTHERS = Claim("token-2", "somebody else")
CARD = CardAwaited("CV-2026-000123", Actor.INSURED, NOW.date(), date(2026, 12, 1))
REASONS: list[About] = [
    AccountOpened(),
    CodeRenewed(ResetReason.FORGOTTEN),
    CodeRenewed(ResetReason.UNUSED),
    CodeChanged(NOW, Channel.APP),
    CodeChanged(NOW, Channel.WEB),
    CreationTried(AttemptReason.ACCOUNT_EXISTS, NOW),
    CreationTried(AttemptReason.EMAIL_TAKEN, NOW),
    CARD,
]
LUCIE = Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid")


def sealed(value: str) -> Sealed:
    """A value that the fakes can open."""
    return Sealed(protected="", recipients=(), iv="", ciphertext=value, tag="")


def opened(value: Sealed) -> str:
    """What was sealed above."""
    return value.ciphertext


def a_code(number: int = 1, *, closed: Sealed | None = None, issued_at: datetime = NOW) -> Code:
    """A provisional code that lives 10 minutes."""
    return Code(closed or sealed("12345678"), number, issued_at, issued_at + CODE_LIFE)


def a_mail(
    about: About = CARD, *, code: Code | None = None, person_id: UUID | None = None, now: datetime = NOW
) -> Mail:
    """A mail that was just written."""
    return domain.write(str(uuid4()), person_id or uuid4(), about, code=code, traceparent=None, now=now)


def claimed(mail: Mail, claim: Claim = MINE, *, now: datetime = NOW) -> Mail:
    """The mail in the hands of a sender."""
    return domain.take(mail, claim, has_address=True, has_newer_code=False, now=now)


def but(mail: Mail, **changes: Any) -> Mail:
    """The mail with some fields changed."""
    return Mail(**{**mail.__dict__, **changes})
