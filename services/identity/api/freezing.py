"""“Ce n'est pas moi”: the link of every security mail."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis.auth import CurrentCaller
from chassis.routes import CurrentWork, Now
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.fields import RequestModel
from services.identity.api.parts import CurrentParts, Say

router = APIRouter(tags=["account"])

FROZEN = Text(
    "Votre compte est bloqué. Toutes les connexions sont terminées ; aucun code, appareil ou clé d'accès ne l'ouvre.",
    "Your account is frozen. All sessions have ended; no code, device or passkey opens it.",
)
NEXT_STEPS = (
    Text(
        "Pour le rouvrir, demandez un code provisoire avec « Code oublié » : il arrive à votre adresse validée.",
        "To reopen it, ask for a provisional code with “Forgotten code”: it is sent to your validated address.",
    ),
    Text(
        "Ou connectez-vous avec FranceConnect, s'il ouvrait déjà votre compte.",
        "Or log in with FranceConnect, if it opened your account before.",
    ),
    Text(
        "Si votre adresse e-mail a changé depuis peu, ou si rien n'arrive, appelez votre caisse au 36 46 ou allez à "
        "son accueil avec une pièce d'identité.",
        "If your e-mail address changed lately, or if nothing comes, call your caisse on 36 46 or go to its reception "
        "with an identity document.",
    ),
)


class FreezeRequest(RequestModel):
    """What stands behind the `#` of the mailed link."""

    token: Annotated[str, Field(min_length=20, max_length=2000, pattern=r"^[A-Za-z0-9_.\-]+$")]


class FreezeView(BaseModel):
    """What has happened, and how the account works again."""

    message: str
    next_steps: list[str]


@router.post("/account-freezes", operation_id="freeze_account", summary="Say “ce n'est pas moi”")
async def freeze_account(
    request: FreezeRequest, _: CurrentCaller, *, work: CurrentWork, parts: CurrentParts, say: Say, now: Now
) -> FreezeView:
    """Freeze the account until its owner proves who they are (B3). 410 `link-expired` for a link that does not work.

    Following the link again while the account is frozen gives the same answer.
    """
    await work(handlers.freeze_account, handlers.FreezeAccount(parts.freezes.read(request.token), now))
    return FreezeView(message=say(FROZEN), next_steps=[say(step) for step in NEXT_STEPS])
