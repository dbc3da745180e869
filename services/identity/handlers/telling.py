"""What the owner of an account hears of codes that others type."""

from datetime import datetime

from services.identity.domain import log_in as logging_in
from services.identity.domain.account import Account
from services.identity.domain.throttle import Attempts
from services.identity.handlers.ports import Store


async def tell_of_block(account: Account, attempt: int, attempts: Attempts, store: Store, now: datetime) -> None:
    """Tell the owner if this wrong attempt, the last of `attempts`, was the one that began a block."""
    account, events = logging_in.tell_of_block(account, attempt, attempts, store.parameters, now)
    if events:
        await store.save_account(account, *events)
