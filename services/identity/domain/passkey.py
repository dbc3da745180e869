"""Passkeys (clés d'accès): added after a log-in, they open the account without number or code (domain B13)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.channel import Channel
from contracts.identity import PasskeyAdded, PasskeyRemoved
from contracts.problems import Problem, Text
from services.identity.domain.account import Account
from services.identity.domain.parameters import Parameters

# A passkey whose device has checked its owner: substantial identification (eIDAS).
PASSKEY_LEVEL = "eidas2"


@dataclass(frozen=True)
class Ceremony:
    """One question to an authenticator, answered once and soon. `person_id` is who adds one; None at a log-in."""

    id: str = field(repr=False)
    person_id: UUID | None
    expires_at: datetime

    def put_to(self, person_id: UUID | None, now: datetime) -> bool:
        """Whether it is open, and was put to this person, or with None to whoever logs in."""
        return self.person_id == person_id and now < self.expires_at


@dataclass(frozen=True)
class Credential:
    """What an authenticator made, once it was verified. A counter that stays 0 counts nothing."""

    id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assertion:
    """What an authenticator signed, once it was verified: whose it says it is, and its counter."""

    person_id: UUID
    sign_count: int


@dataclass(frozen=True)
class Passkey:
    """A credential of one person. Its id follows from the credential's, so that one opens one account."""

    id: UUID
    person_id: UUID
    credential: Credential
    name: str
    added_at: datetime
    used_at: datetime | None = None
    version: int = 0


class PasskeyRefused(Problem):
    """One answer for an unknown passkey, a wrong signature and a frozen account."""

    status = 401
    title = Text("Cette clé d'accès n'a pas permis de vous connecter", "This passkey did not log you in")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Recommencez, ou connectez-vous avec votre numéro de sécurité sociale et votre code.",
                "Start again, or log in with your social security number and your code.",
            )
        )


class PasskeyNotAdded(Problem):
    """What the authenticator answered does not hold, or not any more, or it has a passkey of this service already."""

    status = 422
    title = Text("La clé d'accès n'a pas été ajoutée", "The passkey was not added")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Recommencez depuis « Ajouter une clé d'accès », sans attendre plus de cinq minutes.",
                "Start again from “Add a passkey”, and take no longer than five minutes.",
            )
        )


class TooManyPasskeys(Problem):
    """A list that nobody can read is one in which a thief's passkey hides."""

    status = 409
    title = Text("Trop de clés d'accès", "Too many passkeys")

    def __init__(self) -> None:
        super().__init__(
            Text("Retirez d'abord une clé que vous n'utilisez plus.", "Remove one that you no longer use first.")
        )


def passkey_id(credential_id: bytes) -> UUID:
    """The id under which a credential is kept and shown."""
    return UUID(bytes=hashlib.sha256(credential_id).digest()[:16], version=5)


def ceremony(ceremony_id: str, person_id: UUID | None, rules: Parameters, now: datetime) -> Ceremony:
    """A question that begins now."""
    return Ceremony(ceremony_id, person_id, now + rules.minutes("passkey.ceremony-minutes", now))


def check_room(passkeys: Sequence[Passkey], rules: Parameters, now: datetime) -> None:
    """Raises TooManyPasskeys."""
    if len(passkeys) >= rules.get("passkey.most", now):
        raise TooManyPasskeys


def add(
    person_id: UUID, credential: Credential, name: str, *, channel: Channel, now: datetime
) -> tuple[Passkey, PasskeyAdded]:
    """A new way into a person's account."""
    passkey = Passkey(passkey_id(credential.id), person_id, credential, name, now)
    return passkey, PasskeyAdded(person_id=person_id, added_at=now, channel=channel)


def remove(passkey: Passkey, channel: Channel, now: datetime) -> PasskeyRemoved:
    """What is said of a passkey that opens the account no more."""
    return PasskeyRemoved(person_id=passkey.person_id, removed_at=now, channel=channel)


def use(passkey: Passkey, assertion: Assertion, account: Account | None, now: datetime) -> tuple[Passkey, Account]:
    """The passkey after a log-in, and the account that it opens. Raises PasskeyRefused.

    A counter that does not move on is that of a copy; one that stays 0 is of an authenticator that does not count.
    """
    if account is None or account.frozen_at is not None or passkey.person_id != assertion.person_id:
        raise PasskeyRefused
    known, shown = passkey.credential.sign_count, assertion.sign_count
    if shown <= known and (shown, known) != (0, 0):
        raise PasskeyRefused
    return replace(passkey, credential=replace(passkey.credential, sign_count=shown), used_at=now), account
