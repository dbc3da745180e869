"""Forgotten codes and chosen codes."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.auth import CurrentCaller, CurrentPerson
from chassis.routes import CurrentOnce, CurrentWork, Now
from contracts.problems import Text
from services.identity import handlers
from services.identity.api.accounts import SPAM_HINT, NeutralView, silent
from services.identity.api.dates import TypedBirthDate
from services.identity.api.fields import GivenDeviceToken, NewCode, RequestModel, TypedCode, TypedNir
from services.identity.api.parts import EVEN_PACE, CurrentParts, Say
from services.identity.api.step_up import CurrentCodeCheck
from services.identity.domain.code_forms import Alphabet, CodeForm, form_of_own, form_of_typed

router = APIRouter(tags=["access code"])

WHAT_HAPPENS = Text(
    "Si un compte avec une adresse e-mail validée correspond, un code provisoire vient d'y être envoyé. "
    "Votre code actuel reste valable tant que le code provisoire n'a pas servi. Après plusieurs demandes dans une "
    "journée, attendez demain. Si vous n'avez encore jamais ouvert votre compte, refaites la demande de création.",
    "If there is such an account with a validated e-mail address, a provisional code is on its way to it. "
    "Your present code works until the provisional one is used. After several requests in a day, wait until tomorrow. "
    "If you have never opened your account yet, ask for its creation again.",
)
DEAD_ADDRESS = Text(
    "L'adresse e-mail de votre compte ne reçoit pas nos messages : n'attendez pas de code. Contactez votre caisse : "
    "elle vérifie votre identité et rétablit votre accès.",
    "The e-mail address of your account does not get our messages: do not wait for a code. Contact your caisse: it "
    "checks who you are and gives you access again.",
)
CODE_ALL_THE_SAME = Text(
    "Si un code vous parvient tout de même, même parmi les indésirables (SPAM), il fonctionne.",
    "If a code reaches you all the same, even among the spam, it works.",
)
CAISSE_HINT = Text(
    "Pas d'e-mail, ou plus d'accès à cette adresse ? Contactez votre caisse au 36 46 ou à l'accueil.",
    "No e-mail, or no access to that address any more? Call your caisse on 36 46 or go to its reception.",
)


class CodeResetRequest(RequestModel):
    """What a person who forgot the code still knows, and the device token that a log-in gave, if there was one."""

    nir: TypedNir
    birth_date: TypedBirthDate
    device_token: GivenDeviceToken | None = None


class CodeResetView(NeutralView):
    """The same answer whatever happened, with what to do when no e-mail comes.

    Except on a device that the person is known on, once the account's address takes no mail: then nothing is promised,
    and `caisse` is the code of the person's own caisse, for its contact card (`GET /portal?caisse=`).
    """

    caisse_hint: str
    caisse: str | None = None

    @classmethod
    def of(cls, caisse: str | None, say: Callable[[Text], str]) -> "CodeResetView":
        """The answer, in the reader's language."""
        message, spam_hint = (DEAD_ADDRESS, CODE_ALL_THE_SAME) if caisse else (WHAT_HAPPENS, SPAM_HINT)
        return cls(message=say(message), spam_hint=say(spam_hint), caisse_hint=say(CAISSE_HINT), caisse=caisse)


class CodeRequest(RequestModel):
    """A new own code; the current one may be left out after a log-in with a provisional code."""

    current_code: TypedCode | None = None
    new_code: NewCode


class CodeFormView(BaseModel):
    """Characters (`digits`, or `mixed`: letters, digits and signs) and lengths of codes, and both as a pattern."""

    alphabet: Alphabet
    shortest: int
    longest: int
    pattern: str

    @classmethod
    def of(cls, form: CodeForm) -> "CodeFormView":
        """The view of a form."""
        return cls(alphabet=form.alphabet, shortest=form.shortest, longest=form.longest, pattern=form.pattern)


class CodeFormsView(BaseModel):
    """What may be typed where a code is asked for, and what an own code that is chosen now must be."""

    typed: CodeFormView
    own: CodeFormView


@router.get("/code-forms", operation_id="read_code_forms", summary="What codes are made of")
async def read_code_forms(_: CurrentCaller, parts: CurrentParts, now: Now) -> CodeFormsView:
    """The forms in force today, for whoever shows the fields."""
    typed, own = form_of_typed(parts.rules, now), form_of_own(parts.rules, now)
    return CodeFormsView(typed=CodeFormView.of(typed), own=CodeFormView.of(own))


@router.post(
    "/code-resets",
    status_code=202,
    response_model=CodeResetView,
    operation_id="reset_code",
    summary="Ask for a provisional code",
    dependencies=[EVEN_PACE],
)
async def reset_code(request: CodeResetRequest, once: CurrentOnce, parts: CurrentParts, say: Say, now: Now) -> Response:
    """Ask for a provisional code by e-mail (F20 to F23). The answer tells no stranger whether there is such an account.

    Three a day at most; the last of them only on a device that the person is known on.
    """
    shown, waiting = parts.tokens.shown(request.device_token), parts.tokens.waiting(once.key, request.nir.body)
    command = handlers.ResetCode(request.nir, request.birth_date, await parts.codes.issue(now), shown, now, waiting)
    return silent(await once(202, lambda caisse: CodeResetView.of(caisse, say), handlers.reset_code, command))


@router.put(
    "/me/code", status_code=204, response_model=None, operation_id="choose_code", summary="Choose an own access code"
)
async def choose_code(
    request: CodeRequest,
    person: CurrentPerson,
    *,
    once: CurrentOnce,
    work: CurrentWork,
    parts: CurrentParts,
    check: CurrentCodeCheck,
    now: Now,
) -> Response:
    """Choose an own access code of the form in force: 4 to 13 digits unless configured. Other sessions end.

    What is refused is refused before the code is hashed: nobody keeps the hashing busy by codes that cannot be.

    After a log-in with a provisional code, the session may do everything from its next refresh on.
    """

    async def command() -> handlers.ChooseCode:
        choice = handlers.Choice(
            person_id=person.id,
            session_id=person.session_id,
            current_given=request.current_code is not None,
            matched=await check.matched(request.current_code),
            new_code=request.new_code,
            now=now,
        )
        await work.read(handlers.check_choice, choice)
        return handlers.ChooseCode(choice, await parts.codes.hash(request.new_code))

    return await once.prepared(204, lambda _: None, handlers.choose_code, command)
