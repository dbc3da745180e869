"""Sessions, and the refresh tokens that continue them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Conflict, Index
from contracts.event import Event
from services.identity.domain.session import RefreshToken, Session
from services.identity.store.base import Base, plain

INDEXES: Mapping[str, Sequence[Index]] = {
    "sessions": [Index(("person_id", "expires_at")), Index(("expires_at",), expire_after=timedelta(days=30))],
    "refresh_tokens": [Index(("expires_at",), expire_after=timedelta(days=1))],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {}

_sessions = TypeAdapter(Session)
_tokens = TypeAdapter(RefreshToken)


class SessionStore(Base):
    """Sessions, and the refresh tokens that continue them."""

    async def session(self, session_id: UUID) -> Session | None:
        """A session, live or not."""
        found = await self._tx["sessions"].find_one({"_id": str(session_id)})
        return _sessions.validate_python({**found, "id": found["_id"]}, extra="ignore") if found else None

    async def live_sessions(self, person_id: UUID, now: datetime) -> Sequence[Session]:
        """All live sessions of a person, the last used first."""
        where = {"person_id": str(person_id), "expires_at": {"$gt": now}, "ended_at": None}
        found = await self._tx["sessions"].find(where, sort=("-used_at", "-_id"))
        return [_sessions.validate_python({**each, "id": each["_id"]}, extra="ignore") for each in found]

    async def save_sessions(self, sessions: Sequence[Session], *events: Event) -> None:
        """Save sessions of one person and say what happened."""
        for session in sessions:
            await self._save("sessions", str(session.id), plain(_sessions.dump_python(session, exclude={"id"})))
        for event in events:
            await self._tx.publish(event, subject=event.person_id)

    async def remove_sessions(self, person_id: UUID, *events: Event) -> None:
        """Forget all sessions of a person, live or not, and say what happened; their refresh tokens are void."""
        await self._tx["sessions"].delete({"person_id": str(person_id)})
        await self._tx.publish(*events, subject=person_id)

    async def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """A refresh token that was given out, used or not."""
        found = await self._tx["refresh_tokens"].find_one({"_id": token_hash})
        return _tokens.validate_python({**found, "hash": found["_id"]}, extra="ignore") if found else None

    async def save_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token, or that one was used."""
        document = plain(_tokens.dump_python(token, exclude={"hash"}))
        if token.used_at is None:
            await self._tx["refresh_tokens"].insert({"_id": token.hash, **document})
        elif not await self._tx["refresh_tokens"].update({"_id": token.hash, "used_at": None}, {"$set": document}):
            raise Conflict
