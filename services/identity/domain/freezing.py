"""“Ce n'est pas moi”: the owner closes the account to everybody, themselves included (domain B3)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.identity import AccountFrozen
from contracts.problems import Text
from services.identity.domain.account import Account

EXPIRED = Text(
    "Il a déjà servi, a plus de 7 jours, ou le compte a été fermé. Si quelqu'un agit à votre place, suivez le lien de "
    "l'e-mail le plus récent, ou appelez votre caisse au 36 46.",
    "It was used, is older than 7 days, or the account was closed. If somebody acts in your place, follow the link of "
    "the newest e-mail, or call your caisse on 36 46.",
)


@dataclass(frozen=True)
class FreezeLink:
    """What a link “ce n'est pas moi” says: in which mail it went, to whom, and since when it works: once."""

    id: str
    person_id: UUID
    issued_at: datetime

    def opens(self, account: Account) -> bool:
        """Whether it may still freeze this account: not one that was created anew, reopened or closed since.

        Old mails stay in mailboxes that the owner has lost, or never had: the first address may have been mistyped.
        """
        since = account.reopened_at or account.created_at
        return account.closed_at is None and self.issued_at >= since.replace(microsecond=0)


def freeze(account: Account, now: datetime) -> tuple[Account, AccountFrozen]:
    """The account, open to nobody. Its codes are void for good: whoever stole one must not use it after a reopening."""
    frozen = replace(account, frozen_at=now, own_code=None, provisional=None, challenge=None)
    return frozen, AccountFrozen(person_id=account.person_id, frozen_at=now)
