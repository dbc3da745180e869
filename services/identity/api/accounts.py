"""Creating an account by the web form, and looking at it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.auth import CurrentPerson
from chassis.routes import CurrentOnce, CurrentWork, Now
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.fields import LastName, PostalCode, RequestModel, TypedDate, TypedEmail, TypedNir
from services.identity.api.parts import EVEN_PACE, CurrentParts, Say
from services.identity.domain.creation import Letter
from services.identity.domain.insured import Claim
from services.identity.handlers.accounts import Profile

router = APIRouter(tags=["account"])

WHAT_HAPPENS = Text(
    "Si ces informations sont celles d'un assuré, un e-mail vient de partir vers l'adresse concernée : suivez ses "
    "instructions. Sans e-mail de notre part, vérifiez votre saisie ou contactez votre caisse au 36 46.",
    "If these details are those of an insured person, an e-mail is on its way to the address concerned: follow its "
    "instructions. Without an e-mail from us, check what you typed or call your caisse on 36 46.",
)
SPAM_HINT = Text("Pensez à regarder dans vos courriers indésirables (spam).", "Remember to look in your spam folder.")


class AccountRequest(RequestModel):
    """What a person types into the web form; all of it is mandatory."""

    nir: TypedNir
    last_name: LastName
    birth_date: TypedDate
    postal_code: PostalCode
    email: TypedEmail


class NeutralView(BaseModel):
    """The same answer whatever happened; what happened is told by e-mail to the address that owns it."""

    message: str
    spam_hint: str


class ProfileView(BaseModel):
    """What a person sees of themselves. The e-mail is masked; the NIR is not shown."""

    person_id: UUID
    first_name: str
    last_name: str
    caisse: str
    email: str
    email_validated: bool
    created_at: datetime

    @classmethod
    def of(cls, profile: Profile) -> "ProfileView":
        """The profile, masked."""
        return cls(
            person_id=profile.person.id,
            first_name=profile.person.first_name,
            last_name=profile.person.last_name,
            caisse=profile.person.caisse,
            email=profile.email.masked,
            email_validated=not profile.account.pending,
            created_at=profile.account.created_at,
        )


@router.post(
    "/accounts",
    status_code=202,
    response_model=NeutralView,
    operation_id="create_account",
    summary="Ask for an account by the web form",
    dependencies=[EVEN_PACE],
)
async def create_account(
    request: AccountRequest, once: CurrentOnce, parts: CurrentParts, say: Say, now: Now
) -> Response:
    """Ask for an account (F26). The answer never tells whether there is such a person or account.

    422 only for malformed fields, and `regime-not-covered` for a person who was recognised.
    """
    issued = await parts.codes.issue(now)
    command = handlers.CreateAccount(
        nir=request.nir,
        claim=Claim(request.last_name, request.birth_date, request.postal_code),
        email=request.email,
        letter=Letter(parts.seal(request.email.address, "notifications"), issued),
        now=now,
    )
    view = NeutralView(message=say(WHAT_HAPPENS), spam_hint=say(SPAM_HINT))
    return silent(await once(202, lambda _: view, handlers.create_account, command))


def silent(response: Response) -> Response:
    """The answer without the header that would tell that something was written."""
    del response.headers["X-Read-After"]
    return response


@router.get("/me", operation_id="read_profile", summary="The profile")
async def read_profile(person: CurrentPerson, work: CurrentWork) -> ProfileView:
    """The profile of whoever is logged in."""
    return ProfileView.of(await work.read(handlers.read_profile, handlers.ReadProfile(person.id)))
