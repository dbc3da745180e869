"""Changing the e-mail address, and validating the new one."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.auth import CurrentCaller, CurrentPerson
from chassis.ids import new_token
from chassis.routes import CurrentOnce, CurrentWork, Now
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.accounts import SPAM_HINT, NeutralView, silent
from services.identity.api.fields import OpaqueToken, RequestModel, TypedCode, TypedEmail
from services.identity.api.parts import EVEN_PACE_WITH_A_CODE, CurrentParts, Parts, Say
from services.identity.api.step_up import CurrentCodeCheck
from services.identity.domain.email import Email
from services.identity.domain.emails import Proposal

router = APIRouter(tags=["e-mail"])

WHAT_HAPPENS = Text(
    "Si cette adresse peut devenir la vôtre, un e-mail vient d'y partir : suivez son lien sous 24 heures. Votre "
    "adresse actuelle reste valable d'ici là.",
    "If this address can become yours, an e-mail is on its way to it: follow its link within 24 hours. Your present "
    "address stays valid until then.",
)
VALIDATED = Text(
    "Votre adresse e-mail est validée : nous vous écrirons désormais à celle-ci.",
    "Your e-mail address is validated: we will write to this one from now on.",
)


class EmailRequest(RequestModel):
    """A new address. The current code may be left out minutes after a log-in by FranceConnect or with a passkey."""

    email: TypedEmail
    current_code: TypedCode | None = None


class EmailValidationRequest(RequestModel):
    """What stands behind the `#` of the mailed link."""

    token: OpaqueToken


class MessageView(BaseModel):
    """What has happened, in a sentence."""

    message: str


def drawn(email: Email, parts: Parts) -> Proposal:
    """The address with a new token."""
    token = new_token()
    return Proposal(
        email=email,
        sealed_email=parts.seal(email.address, "notifications"),
        token_hash=parts.tokens.hash(token),
        sealed_token=parts.seal(token, "notifications"),
    )


@router.put(
    "/me/email",
    status_code=202,
    response_model=NeutralView,
    operation_id="change_email",
    summary="Ask for another e-mail address",
    dependencies=[EVEN_PACE_WITH_A_CODE],
)
async def change_email(
    request: EmailRequest,
    person: CurrentPerson,
    *,
    once: CurrentOnce,
    parts: CurrentParts,
    check: CurrentCodeCheck,
    say: Say,
    now: Now,
) -> Response:
    """Ask for another address (F08, F09); the answer never tells whether it belongs to another account.

    The present address stays valid until the new one is validated, and is told. 422 `current_code` without the
    current code, 429 after three requests in a day.
    """

    async def command() -> handlers.ChangeEmail:
        return handlers.ChangeEmail(
            person_id=person.id,
            session_id=person.session_id,
            proposal=drawn(request.email, parts),
            current_given=request.current_code is not None,
            matched=await check.matched(request.current_code),
            now=now,
        )

    view = NeutralView(message=say(WHAT_HAPPENS), spam_hint=say(SPAM_HINT))
    return silent(await once.prepared(202, lambda _: view, handlers.change_email, command))


@router.post("/email-validations", operation_id="validate_email", summary="Validate an e-mail address")
async def validate_email(
    request: EmailValidationRequest, _: CurrentCaller, *, work: CurrentWork, parts: CurrentParts, say: Say, now: Now
) -> MessageView:
    """Make the address the account's. 410 `link-expired`, or 409 `email-taken` when another account was faster."""
    await work(handlers.validate_email, handlers.ValidateEmail(parts.tokens.hash(request.token), now))
    return MessageView(message=say(VALIDATED))
