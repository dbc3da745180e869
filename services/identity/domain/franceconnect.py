"""What a log-in by FranceConnect gives, and why it may be refused (domain 3.6, reliability A8)."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.problems import Problem, Text
from services.identity.domain.email import Email
from services.identity.domain.pivot import PivotIdentity


@dataclass(frozen=True)
class Identified:
    """Somebody FranceConnect vouches for. `sub` names them to this service alone; the e-mail is only a proposal."""

    sub: str = field(repr=False)
    pivot: PivotIdentity = field(repr=False)
    email: Email | None = field(repr=False)
    acr: str
    idp: str
    id_token: str = field(repr=False)


class Reason(StrEnum):
    """Why a log-in was refused: for logs and tests, never for whoever is refused."""

    DECLINED = "declined"
    RETURNED_ERROR = "returned-error"
    STATE = "state"
    CODE = "code"
    NO_ANSWER = "no-answer"
    TOO_LONG = "too-long"
    MALFORMED = "malformed"
    HEADER = "header"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME = "time"
    NONCE = "nonce"
    LEVEL = "level"
    AT_HASH = "at-hash"
    SUBJECT = "subject"
    UNSIGNED = "unsigned"
    IDENTITY = "identity"
    LOOP = "loop"
    DELEGATION = "delegation"


_STATE, _TICKET = re.compile(r"[A-Za-z0-9_\-]{0,200}"), re.compile(r"[A-Za-z0-9_\-]{20,100}")
_CODE, _ERROR = re.compile(r"[\x20-\x7e]{1,1024}"), re.compile(r"[\x20-\x7e]{1,200}")


def malformed(state: str, ticket: str | None, code: str | None, error: str | None) -> Reason | None:
    """Why what a browser brought back is none of FranceConnect's, or its ticket none of ours, by its form alone."""
    if not _STATE.fullmatch(state) or (ticket is not None and not _TICKET.fullmatch(ticket)):
        return Reason.STATE
    if code is not None and not _CODE.fullmatch(code):
        return Reason.CODE
    return Reason.RETURNED_ERROR if error is not None and not _ERROR.fullmatch(error) else None


class FranceConnectRefused(Problem):
    """The log-in did not hold. The answer is the same for every reason but that the person chose us to vouch for us."""

    status = 401
    title = Text("La connexion avec FranceConnect n'a pas abouti", "Logging in with FranceConnect did not work")

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            Text(
                "Recommencez, ou connectez-vous avec votre numéro de sécurité sociale et votre code.",
                "Start again, or log in with your social security number and your code.",
            ),
            **({"reason": reason.value} if reason is Reason.LOOP else {}),
        )
        self.reason = reason


class FranceConnectUnavailable(Problem):
    """FranceConnect does not answer as it should; every other way in is untouched."""

    status = 503
    title = Text("FranceConnect est momentanément indisponible", "FranceConnect is temporarily unavailable")
    retry_after = 30

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Connectez-vous avec votre numéro de sécurité sociale et votre code, ou réessayez plus tard.",
                "Log in with your social security number and your code, or try again later.",
            )
        )
