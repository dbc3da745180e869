"""Closing one's own account."""

from fastapi import APIRouter, Response

from chassis.auth import CurrentPerson
from chassis.routes import CurrentOnce, Now
from services.identity import handlers
from services.identity.api.fields import RequestModel, TypedCode
from services.identity.api.parts import CurrentParts
from services.identity.api.step_up import CurrentCodeCheck

router = APIRouter(tags=["account"])


class ClosureRequest(RequestModel):
    """The current code; it may be left out minutes after a log-in by FranceConnect or with a passkey."""

    current_code: TypedCode | None = None


@router.delete(
    "/me", status_code=204, response_model=None, operation_id="close_account", summary="Close one's own account"
)
async def close_account(
    request: ClosureRequest,
    person: CurrentPerson,
    *,
    once: CurrentOnce,
    parts: CurrentParts,
    check: CurrentCodeCheck,
    now: Now,
) -> Response:
    """Close the account for good (B12): sessions, codes, devices, passkeys and FranceConnect open nothing any more.

    The e-mail address is free (F09); the owner is told there. Payments and requests are kept as the law wants, and
    are there again for a new account of the same person. 422 `current_code` without the current code.
    """

    async def command() -> handlers.CloseAccount:
        return handlers.CloseAccount(
            person_id=person.id,
            session_id=person.session_id,
            current_given=request.current_code is not None,
            matched=await check.matched(request.current_code),
            seal=lambda address: parts.seal(address, "notifications"),
            now=now,
        )

    return await once.prepared(204, lambda _: None, handlers.close_account, command)
