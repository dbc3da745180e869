"""Mails and their reasons, with only what a test cares about to be named."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import OKPKey

from contracts.channel import Channel
from contracts.identity import AttemptReason, LogInWay, ResetReason
from contracts.procedures import Actor
from contracts.sealed import Sealed
from services.notifications.domain import mails
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import Claim, Code, Mail, Series
from services.notifications.domain.reasons import (
    About,
    AccountBlocked,
    AccountEnded,
    AccountOpened,
    AccountUnblocked,
    AddressChanged,
    AddressDoubted,
    AddressWished,
    CardAwaited,
    CodeChanged,
    CodeRenewed,
    CodesRefused,
    CreationTried,
    DeviceDoubted,
    DeviceSeen,
    FranceConnectOpens,
    NumberCertified,
    PasskeyCloses,
    PasskeyOpens,
    SessionCopied,
)
from services.notifications.texts import Links, Texts

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)
CODE_LIFE = timedelta(minutes=10)
MINE = Claim("token-1", "me")
OTHERS = Claim("token-2", "somebody else")
CARD = CardAwaited("CV-2026-000123", Actor.INSURED, NOW.date(), date(2026, 12, 1))
BRINGING: dict[About, Series] = {
    AccountOpened(): Series.PROVISIONAL,
    AccountOpened(address_freed=True): Series.PROVISIONAL,
    CodeRenewed(ResetReason.FORGOTTEN): Series.PROVISIONAL,
    CodeRenewed(ResetReason.UNUSED): Series.PROVISIONAL,
    CodeRenewed(ResetReason.BY_CAISSE): Series.PROVISIONAL,
    DeviceDoubted(NOW, Channel.WEB): Series.VERIFICATION,
    AddressDoubted(): Series.ADDRESS,
}
REASONS: list[About] = [
    *BRINGING,
    CodeChanged(NOW, Channel.APP),
    CodeChanged(NOW, Channel.WEB),
    CreationTried(AttemptReason.ACCOUNT_EXISTS, NOW),
    CreationTried(AttemptReason.EMAIL_TAKEN, NOW),
    CreationTried(AttemptReason.EMAIL_TAKEN, NOW, NOW + timedelta(minutes=29)),
    CodesRefused(5, NOW + timedelta(minutes=1), NOW),
    CodesRefused(50, None, NOW),
    DeviceSeen(NOW, Channel.APP, LogInWay.PASSKEY),
    SessionCopied(NOW),
    AddressWished(NOW),
    AddressChanged(NOW, here=True),
    AddressChanged(NOW, here=False),
    AccountBlocked(NOW),
    AccountUnblocked(NOW, LogInWay.FRANCECONNECT),
    AccountEnded(NOW, Channel.WEB),
    FranceConnectOpens(NOW),
    PasskeyOpens(NOW, Channel.WEB),
    PasskeyCloses(NOW, Channel.WEB),
    NumberCertified(NOW),
    CARD,
]
LUCIE = Addressee("Lucie", "EXEMPLE", "lucie@exemple.invalid")
URL = "https://compte.exemple.invalid"
_freeze_key = OKPKey.generate_key("Ed25519", {"kid": "notifications-1"})
FREEZE_KEY = json.dumps(_freeze_key.as_dict(private=True))
FREEZE_JWKS = json.dumps({"keys": [_freeze_key.as_dict(private=False)]})


REPORT_KEY = "only the provider and we have it"


def signature(body: bytes, at: datetime = NOW, key: str = REPORT_KEY) -> str:
    """What the mail provider signs a report with."""
    signed_at = int(at.timestamp())
    mac = hmac.new(key.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={mac}"


def texts() -> Texts:
    """The texts of a service at URL."""
    return Texts(Links(f"{URL}/", FREEZE_KEY))


def sealed(value: str) -> Sealed:
    """A value that the fakes can open."""
    return Sealed(protected="", recipients=(), iv="", ciphertext=value, tag="")


def opened(value: Sealed) -> str:
    """What was sealed above."""
    return value.ciphertext


def a_code(
    number: int = 1,
    *,
    closed: Sealed | None = None,
    issued_at: datetime = NOW,
    series: Series = Series.PROVISIONAL,
) -> Code:
    """A code that lives 10 minutes."""
    return Code(closed or sealed("12345678"), number, issued_at, issued_at + CODE_LIFE, series)


def a_mail(
    about: About = CARD,
    *,
    code: Code | None = None,
    to: str | None = None,
    person_id: UUID | None = None,
    now: datetime = NOW,
) -> Mail:
    """A mail that was just written."""
    return mails.write(
        str(uuid4()), person_id or uuid4(), about, code=code, to=to, traceparent=None, told_at=now, now=now
    )


def claimed(mail: Mail, claim: Claim = MINE, *, now: datetime = NOW) -> Mail:
    """The mail in the hands of a sender."""
    return mails.take(mail, claim, has_address=True, has_newer_code=False, now=now)


def but(mail: Mail, **changes: Any) -> Mail:
    """The mail with some fields changed."""
    return Mail(**{**mail.__dict__, **changes})
