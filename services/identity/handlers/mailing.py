"""How often one address is written to because somebody typed it."""

from datetime import datetime

from services.identity.domain.email import Email
from services.identity.handlers.ports import Store


async def may_write_to(email: Email, store: Store, now: datetime, *, first: bool = False) -> bool:
    """Whether one more e-mail may go to this address now; counted when it may. For use inside other use cases.

    Counts what anybody can cause by typing the address, across accounts (reliability A19); codes that an owner
    asks for are capped by themselves, so that nobody uses them up. The last of a day is kept for the `first` mail of
    an account: whoever types somebody's address elsewhere must not keep them from having one.
    """
    kept = 0 if first else store.parameters.get("mail.address-kept-for-accounts", now)
    written = (await store.written_to(email)).once_more(store.parameters, now, kept=kept)
    if written is None:
        return False
    await store.save_written_to(email, written)
    return True
