"""What every way in ends with: an account that was opened, its session, and the token that continues it."""

from collections.abc import Sequence

from contracts.event import Event
from services.identity.domain import session as sessions
from services.identity.domain.account import Account
from services.identity.domain.session import RefreshToken, Session
from services.identity.handlers.ports import Store


async def save_opened(
    account: Account, events: Sequence[Event], session: Session, refresh_hash: str, store: Store
) -> Session:
    """Keep what a log-in changed and said; the session is open when this is committed.

    Where there are too many, the least recently used of the person's other sessions end.
    """
    person_id, now = session.person_id, session.opened_at
    others = sessions.surplus(await store.live_sessions(person_id, now), store.parameters, now)
    ended, revoked = sessions.end(others, person_id, now)
    await store.save_account(account, *events)
    await store.save_sessions([session, *ended], *revoked)
    await store.save_refresh_token(RefreshToken(refresh_hash, session.id, session.expires_at))
    return session
