"""What the use cases ask of sessions and of the tokens that continue them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.event import Event
from services.identity.domain.session import RefreshToken, Session


class Sessions(Protocol):
    """Sessions and refresh tokens."""

    async def session(self, session_id: UUID) -> Session | None:
        """A session, live or not."""
        ...

    async def live_sessions(self, person_id: UUID, now: datetime) -> Sequence[Session]:
        """All live sessions of a person, the last used first."""
        ...

    async def save_sessions(self, sessions: Sequence[Session], *events: Event) -> None:
        """Save sessions of one person and say what happened."""
        ...

    async def remove_sessions(self, person_id: UUID, *events: Event) -> None:
        """Forget all sessions of a person, live or not, and say what happened; their refresh tokens are void."""
        ...

    async def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """A refresh token that was given out, used or not."""
        ...

    async def save_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token, or that one was used."""
        ...
