"""What a log-in alone does not allow: changes with which a thief would keep the account (domain 3.4, 3.5, B3)."""

from datetime import datetime

from contracts.identity import LogInWay
from contracts.problems import Problem, Text
from services.identity.domain.account import Account, check_current
from services.identity.domain.parameters import Parameters
from services.identity.domain.session import Session


class EmailNotValidated(Problem):
    """Without an e-mail that its owner is known to read, nobody could be warned of this change (domain F08)."""

    status = 403
    title = Text("Validez d'abord votre adresse e-mail", "Validate your e-mail address first")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Indiquez votre adresse dans « Mes informations », puis suivez le lien que nous y enverrons.",
                "Give your address in “My information”, then follow the link that we send there.",
            )
        )


class FreshLogInRequired(Problem):
    """The account has no code to give, and the log-in that opened this session was too long ago."""

    status = 403
    title = Text("Reconnectez-vous d'abord", "Log in again first")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Reconnectez-vous par FranceConnect ou avec une clé d'accès, puis refaites ce changement aussitôt.",
                "Log in again with FranceConnect or a passkey, then make this change at once.",
            )
        )


def check_step_up(
    session: Session, account: Account, matched: str | None, *, given: bool, rules: Parameters, now: datetime
) -> None:
    """Raises CodeRefused unless the current code was given and is right, or FreshLogInRequired if there is none.

    A session that FranceConnect or a passkey opened minutes ago is proof enough: both are stronger than a code.
    """
    fresh = now - session.opened_at < rules.minutes("step-up.fresh-minutes", now)
    if session.way is not LogInWay.CODE and fresh:
        return
    if account.own_code is None and session.way is not LogInWay.CODE:
        raise FreshLogInRequired
    check_current(account, matched, given=given)


def check_email_validated(account: Account) -> None:
    """Raises EmailNotValidated."""
    if account.email_validated_at is None:
        raise EmailNotValidated
