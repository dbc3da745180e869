"""Creating an account: by the web form, or by IBAN and carte Vitale."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Discriminator, Tag, WrapValidator

from chassis.routes import CurrentOnce, Now
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.dates import TypedBirthDate
from services.identity.api.fields import (
    LastName,
    PostalCode,
    RequestModel,
    TypedEmail,
    TypedIban,
    TypedNir,
    VitaleSerial,
)
from services.identity.api.parts import EVEN_PACE, CurrentParts, Say
from services.identity.domain.account import Letter
from services.identity.domain.proof import AnyClaim, CardClaim, Claim

router = APIRouter(tags=["account"])

WHAT_HAPPENS = Text(
    "Si ces informations sont celles d'un assuré, un e-mail vient de partir vers l'adresse concernée : suivez ses "
    "instructions. Sans e-mail de notre part, vérifiez votre saisie ou contactez votre caisse au 36 46. Après "
    "plusieurs essais, attendez demain ou appelez-la.",
    "If these details are those of an insured person, an e-mail is on its way to the address concerned: follow its "
    "instructions. Without an e-mail from us, check what you typed or call your caisse on 36 46. After several tries, "
    "wait until tomorrow or call it.",
)
SPAM_HINT = Text("Pensez à regarder dans vos courriers indésirables (spam).", "Remember to look in your spam folder.")


class WebAccountRequest(RequestModel):
    """What a person types into the web form; all of it is mandatory."""

    nir: TypedNir
    last_name: LastName
    birth_date: TypedBirthDate
    postal_code: PostalCode
    email: TypedEmail

    def claim(self) -> AnyClaim:
        """What is to be compared with the register."""
        return Claim(self.last_name, self.birth_date, self.postal_code)


class AppAccountRequest(RequestModel):
    """What a person has at hand in the application: RIB and carte Vitale; all of it is mandatory."""

    nir: TypedNir
    iban: TypedIban
    vitale_serial: VitaleSerial
    email: TypedEmail

    def claim(self) -> AnyClaim:
        """What is to be compared with the register."""
        return CardClaim(self.iban, self.vitale_serial)


def _form(body: object) -> str:
    return "app" if isinstance(body, Mapping) and not body.keys().isdisjoint({"iban", "vitale_serial"}) else "web"


_FORMS: Mapping[str, type[WebAccountRequest | AppAccountRequest]] = {
    "web": WebAccountRequest,
    "app": AppAccountRequest,
}


def _read(body: object, _: Any) -> RequestModel:
    # Not by the union itself: its errors would point at a form, and not only at a field.
    return _FORMS[_form(body)].model_validate(body)


AccountRequest: TypeAlias = Annotated[
    Annotated[WebAccountRequest, Tag("web")] | Annotated[AppAccountRequest, Tag("app")],
    Discriminator(_form),
    WrapValidator(_read),
    Body(),
]


class NeutralView(BaseModel):
    """The same answer whatever happened; what happened is told by e-mail to the address that owns it."""

    message: str
    spam_hint: str


@router.post(
    "/accounts",
    status_code=202,
    response_model=NeutralView,
    operation_id="create_account",
    summary="Ask for an account",
    dependencies=[EVEN_PACE],
)
async def create_account(
    request: AccountRequest, once: CurrentOnce, parts: CurrentParts, say: Say, now: Now
) -> Response:
    """Ask for an account by the web form (F26), or by IBAN and carte Vitale (F25): whose fields are sent.

    The answer never tells whether there is such a person or account, nor which detail was wrong; several wrong ones
    close this way for the day. 422 only for malformed fields, and `regime-not-covered` for a person who was
    recognised.
    """
    issued = await parts.codes.issue(now)
    command = handlers.CreateAccount(
        nir=request.nir,
        claim=request.claim(),
        email=request.email,
        letter=Letter(parts.seal(request.email.address, "notifications"), issued),
        now=now,
        waiting=parts.tokens.waiting(once.key, request.nir.body),
    )
    view = NeutralView(message=say(WHAT_HAPPENS), spam_hint=say(SPAM_HINT))
    return silent(await once(202, lambda _: view, handlers.create_account, command))


def silent(response: Response) -> Response:
    """The answer without the header that would tell that something was written."""
    del response.headers["X-Read-After"]
    return response
