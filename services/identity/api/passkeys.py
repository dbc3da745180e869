"""Passkeys (clés d'accès): adding, listing and removing them, and logging in with one (domain B13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from chassis.auth import CurrentCaller, CurrentPerson, current_caller
from chassis.routes import CurrentOnce, CurrentWork, Now
from chassis.viewings import Noted
from services.identity import handlers
from services.identity.api.credentials import NewCredential, UsedCredential
from services.identity.api.fields import GivenDeviceToken, OpaqueToken, RequestModel, TypedCode
from services.identity.api.franceconnect import Tickets
from services.identity.api.parts import CurrentParts
from services.identity.api.sessions import TokensView
from services.identity.api.step_up import CurrentCodeCheck
from services.identity.domain.passkey import Assertion, Ceremony, Credential, Passkey
from services.identity.domain.session import Client

router = APIRouter(tags=["passkeys"])
UNNAMED = "Clé d'accès"
CHALLENGE = "passkey-challenge"


class Authenticators(Protocol):
    """Asks authenticators and verifies what they answer."""

    def creation(self, challenge: str, person_id: UUID, name: str, known: Sequence[Passkey]) -> dict[str, Any]:
        """The options for a new passkey."""
        ...

    def request(self, challenge: str) -> dict[str, Any]:
        """The options for a log-in."""
        ...

    def made(self, credential: Mapping[str, Any], challenge: str) -> Credential:
        """The passkey that was made."""
        ...

    def named(self, credential: Mapping[str, Any]) -> UUID:
        """Which passkey claims to have answered."""
        ...

    def signed(self, credential: Mapping[str, Any], challenge: str, passkey: Passkey | None) -> Assertion:
        """What this passkey signed."""
        ...


@dataclass(frozen=True)
class PasskeyParts:
    """Set by main.py as `app.state.passkeys`."""

    authenticators: Authenticators
    tickets: Tickets

    def challenge(self, ceremony_id: str) -> str:
        """What the authenticator is asked to sign; it follows from the ceremony's id, and is not stored."""
        return self.tickets.derived(ceremony_id, CHALLENGE)


def passkey_parts(request: Request) -> PasskeyParts:
    """What this application was composed with."""
    found: PasskeyParts = request.app.state.passkeys
    return found


CurrentPasskeys = Annotated[PasskeyParts, Depends(passkey_parts)]


class NoFields(RequestModel):
    """An empty object."""


class OptionsRequest(RequestModel):
    """The current code may be left out minutes after a log-in by FranceConnect or with a passkey."""

    current_code: TypedCode | None = None


class OptionsView(BaseModel):
    """What to give to the authenticator, and to which ceremony its answer belongs. Seconds."""

    ceremony_id: str
    expires_in: int
    public_key: dict[str, Any]

    @classmethod
    def of(cls, ceremony_id: str, begun: Ceremony, now: datetime, public_key: dict[str, Any]) -> "OptionsView":
        """The options of a ceremony that begins now."""
        return cls(
            ceremony_id=ceremony_id,
            expires_in=int((begun.expires_at - now).total_seconds()),
            public_key=public_key,
        )


class PasskeyRequest(RequestModel):
    """The passkey that was made, and how the person calls it."""

    ceremony_id: OpaqueToken
    credential: NewCredential
    name: str = Field(default=UNNAMED, min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")


class PasskeyLogInRequest(RequestModel):
    """What the passkey signed, the program in which it was used, and the device token it got, if it got one."""

    ceremony_id: OpaqueToken
    credential: UsedCredential
    client_id: Client = Field(strict=False)
    device_token: GivenDeviceToken | None = None


class AddedView(BaseModel):
    """A passkey that was added."""

    passkey_id: UUID
    name: str
    added_at: datetime

    @classmethod
    def of(cls, passkey: Passkey) -> "AddedView":
        """The passkey as its owner sees it."""
        return cls(passkey_id=passkey.id, name=passkey.name, added_at=passkey.added_at)


class PasskeyView(AddedView):
    """A passkey that opens the account."""

    used_at: datetime | None


class PasskeysView(BaseModel):
    """All passkeys of a person, the first added first."""

    passkeys: list[PasskeyView]

    @classmethod
    def of(cls, found: Sequence[Passkey]) -> "PasskeysView":
        """The passkeys as their owner sees them."""
        return cls(
            passkeys=[
                PasskeyView(passkey_id=each.id, name=each.name, added_at=each.added_at, used_at=each.used_at)
                for each in found
            ]
        )


@router.post("/me/passkeys/options", operation_id="begin_passkey", summary="Begin to add a passkey")
async def begin_passkey(
    request: OptionsRequest,
    person: CurrentPerson,
    *,
    work: CurrentWork,
    check: CurrentCodeCheck,
    current: CurrentPasskeys,
    now: Now,
) -> OptionsView:
    """What to ask the authenticator for. 422 `current_code` without the current code, 403 without a validated e-mail.

    The answer is awaited for 5 minutes; a person has at most 10 passkeys.
    """
    ceremony_id = current.tickets.draw()
    command = handlers.BeginPasskey(
        person_id=person.id,
        session_id=person.session_id,
        current_given=request.current_code is not None,
        matched=await check.matched(request.current_code),
        ceremony_id=current.tickets.hash(ceremony_id),
        now=now,
    )
    room = await work(handlers.begin_passkey, command)
    name = f"{room.person.first_name} {room.person.last_name}"
    options = current.authenticators.creation(current.challenge(ceremony_id), person.id, name, room.passkeys)
    return OptionsView.of(ceremony_id, room.ceremony, now, options)


@router.post(
    "/me/passkeys",
    status_code=201,
    response_model=AddedView,
    operation_id="add_passkey",
    summary="Add a passkey",
)
async def add_passkey(
    request: PasskeyRequest,
    person: CurrentPerson,
    *,
    once: CurrentOnce,
    current: CurrentPasskeys,
    now: Now,
) -> Response:
    """Let the passkey that was made open the account. 422 `passkey-not-added` for whatever does not hold."""
    challenge = current.challenge(request.ceremony_id)
    command = handlers.AddPasskey(
        person_id=person.id,
        session_id=person.session_id,
        ceremony_id=current.tickets.hash(request.ceremony_id),
        credential=current.authenticators.made(request.credential.model_dump(), challenge),
        name=request.name,
        now=now,
    )
    return await once(201, AddedView.of, handlers.add_passkey, command)


@router.get("/me/passkeys", operation_id="list_passkeys", summary="List the passkeys")
async def list_passkeys(person: CurrentPerson, work: CurrentWork, noted: Noted) -> PasskeysView:
    """The passkeys that open the account."""
    found = await work.read(handlers.list_passkeys, handlers.ListPasskeys(person.id))
    await noted()
    return PasskeysView.of(found)


@router.delete("/me/passkeys/{passkey_id}", status_code=204, operation_id="remove_passkey", summary="Remove a passkey")
async def remove_passkey(passkey_id: UUID, person: CurrentPerson, work: CurrentWork, now: Now) -> None:
    """Remove one of the person's own passkeys; any other is not found."""
    await work(handlers.remove_passkey, handlers.RemovePasskey(person.id, person.session_id, passkey_id, now))


@router.post(
    "/sessions/passkeys/options",
    operation_id="begin_passkey_log_in",
    summary="Begin to log in with a passkey",
    dependencies=[Depends(current_caller)],
)
async def begin_passkey_log_in(_: NoFields, *, work: CurrentWork, current: CurrentPasskeys, now: Now) -> OptionsView:
    """What to ask the authenticator for. It names no passkey: the same for everybody, and for 5 minutes."""
    ceremony_id = current.tickets.draw()
    command = handlers.BeginPasskeyLogIn(current.tickets.hash(ceremony_id), now)
    begun = await work(handlers.begin_passkey_log_in, command)
    options = current.authenticators.request(current.challenge(ceremony_id))
    return OptionsView.of(ceremony_id, begun, now, options)


@router.post("/sessions/passkeys", operation_id="log_in_with_passkey", summary="Log in with a passkey")
async def log_in_with_passkey(
    request: PasskeyLogInRequest,
    _: CurrentCaller,
    *,
    work: CurrentWork,
    parts: CurrentParts,
    current: CurrentPasskeys,
    now: Now,
) -> TokensView:
    """Log in with what the passkey signed. 401 `passkey-refused`, identical, for whatever does not hold."""
    credential, tokens = request.credential.model_dump(), parts.tokens
    passkey_id = current.authenticators.named(credential)
    passkey = await work.read(handlers.find_passkey, handlers.FindPasskey(passkey_id))
    assertion = current.authenticators.signed(credential, current.challenge(request.ceremony_id), passkey)
    renewal = tokens.draw()
    visit = tokens.visit(request.client_id, request.device_token)
    command = handlers.PasskeyLogIn(
        ceremony_id=current.tickets.hash(request.ceremony_id),
        passkey_id=passkey_id,
        assertion=assertion,
        entry=handlers.Entry(visit, tokens.session_id(None), renewal.hash, now),
    )
    return TokensView.of(await work(handlers.log_in_with_passkey, command), tokens, renewal)
