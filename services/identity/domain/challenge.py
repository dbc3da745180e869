"""The second code: sent by e-mail when the right code is typed on a device that is not known (domain 3.4, B3)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.identity import DeviceChallenged
from contracts.problems import Problem, Text
from services.identity.domain.access_code import IssuedCode
from services.identity.domain.account import Account, within_a_day
from services.identity.domain.parameters import DAY, Parameters
from services.identity.domain.session import Client, Session
from services.identity.domain.throttle import TooManyAttempts


@dataclass(frozen=True)
class Letter:
    """What a new challenge needs: the hash of its id, and its code, hashed for us and sealed for whoever mails it."""

    id_hash: str = field(repr=False)
    issued: IssuedCode = field(repr=False)


@dataclass(frozen=True)
class Challenge:
    """A log-in that waits for its second code. `device` is what will be known then, `used_in` the session it opened."""

    id_hash: str = field(repr=False)
    person_id: UUID
    client: Client
    device: UUID
    code: str = field(repr=False)
    expires_at: datetime
    tries: int = 0
    used_in: UUID | None = None
    version: int = 0

    def open(self, session_id: UUID, now: datetime) -> bool:
        """Whether it can still open this session."""
        return now < self.expires_at and self.used_in in {None, session_id}


class ChallengeRefused(Problem):
    """One answer for a wrong code, an expired one, an unknown challenge and another program's."""

    status = 401
    title = Text("Code de vérification incorrect ou expiré", "Wrong or expired verification code")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Vérifiez le code du dernier e-mail, ou reconnectez-vous pour en recevoir un autre.",
                "Check the code of the last e-mail, or log in again to get another one.",
            )
        )


def let_in(session: Session | None) -> Session:
    """The session. Raises ChallengeRefused when there is none: the refusal comes after what caused it was stored."""
    if session is None:
        raise ChallengeRefused
    return session


def challenge(
    account: Account, letter: Letter, *, device: UUID, client: Client, rules: Parameters, now: datetime
) -> tuple[Account, Challenge, DeviceChallenged]:
    """Ask for a second code; earlier ones are void. Raises TooManyAttempts once the day's e-mails are used up.

    Only whoever typed the right code gets here, so the refusal tells nothing new; a provisional code still helps.
    """
    recent = within_a_day(account.challenges, now)
    if len(recent) >= rules.get("challenge.a-day", now):
        raise TooManyAttempts(recent[0] + DAY - now)
    expires_at = now + rules.minutes("challenge.minutes", now)
    asked = Challenge(letter.id_hash, account.person_id, client, device, letter.issued.hash, expires_at)
    told = DeviceChallenged(
        person_id=account.person_id,
        code=letter.issued.sealed,
        code_expires_at=expires_at,
        channel=client.channel,
        challenged_at=now,
    )
    return replace(account, challenge=letter.id_hash, challenges=(*recent, now)), asked, told


def count_try(
    asked: Challenge | None, client: Client, *, session_id: UUID, rules: Parameters, now: datetime
) -> Challenge | None:
    """The challenge with one more try, before anything is compared; None when it can't be answered (any more)."""
    if asked is None or asked.client is not client or not asked.open(session_id, now):
        return None
    if asked.tries >= rules.get("challenge.tries", now):
        return None
    return replace(asked, tries=asked.tries + 1)


def passes(asked: Challenge, account: Account, matched: str | None, *, session_id: UUID, now: datetime) -> bool:
    """Whether the code that matched is this challenge's, and the challenge still the account's newest."""
    return (
        matched == asked.code
        and asked.open(session_id, now)
        and account.challenge == asked.id_hash
        and account.frozen_at is None
    )
