"""What every way in ends with: an account that was opened, its session, and the token that continues it."""

from collections.abc import Sequence

from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.session import RefreshToken, Session
from services.identity.handlers.ports import Store


async def save_opened(
    account: Account, events: Sequence[Event], session: Session, refresh_hash: str, store: Store
) -> Session:
    """Keep what a log-in changed and said; the session is open when this is committed."""
    await store.save_account(account, *events)
    await store.save_sessions([session])
    await store.save_refresh_token(RefreshToken(refresh_hash, session.id, session.expires_at))
    return session
