"""The last resort (domain F23): an agent of the caisse has seen who somebody is, and lets them in again."""

from dataclasses import replace
from datetime import datetime

from contracts.acting import Doer
from contracts.event import Event
from contracts.identity import CodeReset, EmailChanged, EmailValidated, ResetReason
from services.identity.domain.account import Account, Decision, Letter, ProvisionalCode
from services.identity.domain.parameters import Parameters

NO_ACCOUNT = "Cette personne n'a pas de compte ouvert : elle peut en créer un."
OF_ANOTHER = "Cette adresse est celle d'un autre compte : demandez-en une autre à la personne."


class NotRestored(Exception):
    """The caisse cannot let somebody in this way. Its text says why, to the agent."""


def restore(
    account: Account | None, holder: Account | None, letter: Letter, rules: Parameters, now: datetime
) -> Decision:
    """The account, which opens by the code that is mailed to the letter's address, and by none from before.

    `holder` is whose address it is already, if anybody's. An account that is frozen stays so until the code is
    used. The address counts as validated, and as trusted at a later freeze: the person gave it to the agent.
    Raises NotRestored.
    """
    if account is None or account.pending:
        raise NotRestored(NO_ACCOUNT)
    if holder is not None and holder.person_id != account.person_id:
        raise NotRestored(OF_ANOTHER)
    events: list[Event] = []
    if holder is None:
        events.append(EmailChanged(person_id=account.person_id, by=Doer.AGENT, email=letter.email, changed_at=now))
    if account.email_validated_at is None:
        events.append(EmailValidated(person_id=account.person_id, by=Doer.AGENT, validated_at=now))
    code = ProvisionalCode(letter.issued.hash, now + rules.minutes("code.provisional.caisse-minutes", now))
    events.append(
        CodeReset(
            person_id=account.person_id,
            reason=ResetReason.BY_CAISSE,
            provisional_code=letter.issued.sealed,
            code_expires_at=code.expires_at,
        )
    )
    restored = replace(
        account,
        own_code=None,
        provisional=code,
        challenge=None,
        email_validated_at=account.email_validated_at or now,
        email_changed_at=None,
    )
    return restored, events
