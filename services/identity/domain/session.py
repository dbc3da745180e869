"""Sessions: how long a log-in lasts, what it may do, and how it is continued or ended (domain 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.acting import Doer
from contracts.channel import Channel
from contracts.identity import LogInWay, SessionRevoked
from contracts.problems import Unauthenticated
from services.identity.domain.parameters import Parameters

# Weak electronic identification (eIDAS): a code alone.
CODE_ALONE = "eidas1"


class Client(StrEnum):
    """What program a person logs in with."""

    WEB = "web"
    IOS = "ios"
    ANDROID = "android"

    @property
    def channel(self) -> Channel:
        """Web, or one of the apps."""
        return Channel.WEB if self is Client.WEB else Channel.APP


class Scope(StrEnum):
    """What a session may do: everything, or only choose an own code."""

    FULL = "full"
    CODE_CHANGE = "code-change"


@dataclass(frozen=True)
class Session:
    """One log-in on one device, until it ends, idles too long or reaches its longest duration.

    `device` is the known device it was opened on, `remembered` whether the person is known there since this log-in.
    """

    id: UUID
    person_id: UUID
    client: Client
    scope: Scope
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    acr: str = CODE_ALONE
    way: LogInWay = LogInWay.CODE
    device: UUID | None = None
    remembered: bool = False
    ended_at: datetime | None = None
    version: int = 0

    def live(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.ended_at is None and now < self.expires_at

    def continued(self, rules: Parameters, now: datetime) -> "Session":
        """The session after a use of its refresh token."""
        return replace(self, used_at=now, expires_at=_expiry(self.client, self.scope, self.opened_at, rules, now))

    def widened(self) -> "Session":
        """The session once an own code was chosen: from its next refresh on, its tokens open everything."""
        return replace(self, scope=Scope.FULL)


@dataclass(frozen=True)
class RefreshToken:
    """What is kept of an opaque token that continues a session once: its hash, and whether that has happened."""

    hash: str
    session_id: UUID
    expires_at: datetime
    used_at: datetime | None = None


def open_session(
    session_id: UUID,
    person_id: UUID,
    *,
    client: Client,
    scope: Scope,
    rules: Parameters,
    now: datetime,
    way: LogInWay = LogInWay.CODE,
    acr: str = CODE_ALONE,
    device: UUID | None = None,
    remembered: bool = False,
) -> Session:
    """A new session, live from now on. `acr` says how sure we are of whom."""
    expires_at = _expiry(client, scope, now, rules, now)
    return Session(
        session_id,
        person_id,
        client,
        scope,
        now,
        now,
        expires_at,
        acr=acr,
        way=way,
        device=device,
        remembered=remembered,
    )


def end(
    sessions: Sequence[Session], person_id: UUID, now: datetime, *, by: Doer = Doer.SELF, copied: bool = False
) -> tuple[list[Session], list[SessionRevoked]]:
    """These sessions of one person, over; said in one event, or none when there is nothing to end."""
    if not sessions:
        return [], []
    ids = tuple(session.id for session in sessions)
    ended = [replace(session, ended_at=now) for session in sessions]
    return ended, [SessionRevoked(person_id=person_id, by=by, session_ids=ids, revoked_at=now, copied=copied)]


def surplus(live: Sequence[Session], rules: Parameters, now: datetime) -> Sequence[Session]:
    """Those of a person's live sessions, the last used first, that end so that one more may open.

    Whoever is in must not be able to open so many that closing them all takes too long.
    """
    return live[rules.get("session.most", now) - 1 :]


def of_caller(session: Session | None, person_id: UUID, now: datetime) -> Session:
    """The caller's own live session. Raises Unauthenticated: its token may outlive it by seconds."""
    if session is None or session.person_id != person_id or not session.live(now):
        raise Unauthenticated
    return session


def granted(session: Session | None) -> Session:
    """The session. Raises Unauthenticated when there is none: the refusal comes after what caused it was stored."""
    if session is None:
        raise Unauthenticated
    return session


def _expiry(client: Client, scope: Scope, opened_at: datetime, rules: Parameters, now: datetime) -> datetime:
    if scope is Scope.CODE_CHANGE:
        # What a provisional code allows must not outlive it by much: it asks for no other proof.
        return opened_at + rules.minutes("session.code-change-minutes", opened_at)
    idle = now + rules.minutes(f"session.{client.channel}.idle-minutes", now)
    return min(idle, opened_at + rules.minutes(f"session.{client.channel}.longest-minutes", opened_at))
