"""Coming in by FranceConnect, and linking an account that was there before (domain F24, F30 to F32)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from chassis.auth import CurrentCaller, CurrentPerson
from chassis.failpoints import failpoint
from chassis.routes import CurrentWork, Now
from services.identity import handlers
from services.identity.api.emails import drawn
from services.identity.api.fields import OpaqueToken, RequestModel
from services.identity.api.parts import CurrentParts, Say
from services.identity.api.sessions import TokensView
from services.identity.domain import providers
from services.identity.domain.federation import Outcome, Turn, linked_to
from services.identity.domain.franceconnect import (
    FranceConnectRefused,
    FranceConnectUnavailable,
    Identified,
    Reason,
    malformed,
)
from services.identity.domain.session import Client

router = APIRouter(tags=["franceconnect"])


class Provider(Protocol):
    """FranceConnect."""

    @property
    def available(self) -> bool:
        """Whether to offer it."""
        ...

    async def begin(self, state: str, nonce: str, verifier: str, *, idp_hint: str | None = None) -> str:
        """The address to send the browser to."""
        ...

    async def finish(self, code: str, verifier: str, nonce: str) -> Identified:
        """Whom the code stands for."""
        ...

    async def logout_url(self, id_token: str, state: str) -> str | None:
        """The address that ends the person's session there, if it is known."""
        ...

    def returned(self, error: str) -> FranceConnectRefused | FranceConnectUnavailable:
        """What to raise when the browser comes back with an error."""
        ...

    def refused(self, reason: Reason) -> FranceConnectRefused:
        """What to raise when a log-in does not hold."""
        ...


class Tickets(Protocol):
    """Secrets that bind the way there and back."""

    def draw(self) -> str:
        """A new ticket."""
        ...

    def hash(self, ticket: str) -> str:
        """What is stored of a ticket."""
        ...

    def derived(self, ticket: str, purpose: str) -> str:
        """What follows from a ticket for one purpose."""
        ...


@dataclass(frozen=True)
class Federation:
    """Set by main.py as `app.state.federation`. There is no `provider` where FranceConnect is not configured."""

    tickets: Tickets
    provider: Provider | None
    issuer: str
    retired: Collection[str] = ()

    @property
    def enabled(self) -> bool:
        """Whether to offer FranceConnect."""
        return self.provider is not None and self.provider.available

    def subject(self, identified: Identified) -> str:
        """What is stored of whom FranceConnect named."""
        return self.tickets.derived(f"{self.issuer} {identified.sub}", "franceconnect-subject")

    def hint(self, provider: str | None) -> str | None:
        """The identity provider to go to, if one was chosen. Raises ProviderNotOffered."""
        return providers.choose(provider, self.retired).id if provider else None


def federation(request: Request) -> Federation:
    """What this application was composed with."""
    found: Federation = request.app.state.federation
    return found


CurrentFederation = Annotated[Federation, Depends(federation)]


def connected(current: CurrentFederation) -> Provider:
    """FranceConnect. Raises FranceConnectUnavailable where it is not configured."""
    if current.provider is None:
        raise FranceConnectUnavailable
    return current.provider


FranceConnect = Annotated[Provider, Depends(connected)]


class ProviderView(BaseModel):
    """An identity provider (fournisseur d'identité), named in the reader's language."""

    id: str
    label: str


class ProvidersView(BaseModel):
    """What to offer; with `enabled` false, nothing of FranceConnect."""

    enabled: bool
    providers: list[ProviderView]


class AuthorizationRequest(RequestModel):
    """The program that leaves, and the identity provider chosen beforehand, if any."""

    client_id: Client = Field(strict=False)
    provider: str | None = Field(default=None, max_length=40, pattern=r"^[a-z0-9.\-]+$")


class AuthorizationView(BaseModel):
    """Where to go, and the ticket to keep: only who shows it comes back. Seconds."""

    url: str
    ticket: str
    expires_in: int


class CallbackRequest(RequestModel):
    """What the browser brought back, and the ticket of whoever left. What is malformed is refused too, and noted."""

    state: str = ""
    ticket: str | None = None
    code: str | None = None
    error: str | None = None
    device_token: str | None = None


class CallbackView(BaseModel):
    """How it ended: a session, or why there is none. `link_ticket` is for `link-required`: 10 minutes, once."""

    outcome: Outcome
    client_id: Client
    session: TokensView | None = None
    link_ticket: str | None = None
    portal: str | None = None
    logout_url: str | None = None


class LinkRequest(RequestModel):
    """The link ticket of a callback."""

    link_ticket: OpaqueToken


@router.get("/franceconnect/providers", operation_id="list_identity_providers", summary="What FranceConnect offers")
async def list_identity_providers(current: CurrentFederation, _: CurrentCaller, say: Say) -> ProvidersView:
    """The identity providers that can be chosen beforehand (F31). Never this service itself."""
    offered = providers.offered(current.retired)
    return ProvidersView(
        enabled=current.enabled, providers=[ProviderView(id=each.id, label=say(each.label)) for each in offered]
    )


@router.post("/franceconnect/authorizations", operation_id="leave_for_franceconnect", summary="Leave for FranceConnect")
async def leave_for_franceconnect(
    request: AuthorizationRequest,
    _: CurrentCaller,
    *,
    current: CurrentFederation,
    provider: FranceConnect,
    work: CurrentWork,
    now: Now,
) -> AuthorizationView:
    """Begin a log-in by FranceConnect (F18). 503 while it is down, which touches no other way in."""
    tickets, hint = current.tickets, current.hint(request.provider)
    state, ticket = tickets.draw(), tickets.draw()
    nonce, verifier = _secrets(tickets, ticket)
    url = await provider.begin(state, nonce, verifier, idp_hint=hint)
    command = handlers.LeaveForFranceConnect(tickets.hash(state), tickets.hash(ticket), request.client_id, now)
    left = await work(handlers.leave_for_franceconnect, command)
    return AuthorizationView(url=url, ticket=ticket, expires_in=int((left.expires_at - now).total_seconds()))


@router.post(
    "/franceconnect/callbacks", operation_id="come_back_from_franceconnect", summary="Come back from FranceConnect"
)
async def come_back_from_franceconnect(
    request: CallbackRequest,
    _: CurrentCaller,
    *,
    current: CurrentFederation,
    provider: FranceConnect,
    work: CurrentWork,
    parts: CurrentParts,
    now: Now,
) -> CallbackView:
    """End a log-in by FranceConnect. A `state` works once, for 10 minutes, and with its ticket only.

    401 `franceconnect-refused` for whatever does not hold. `to-app`: an app began it and is to send its ticket.
    """
    tickets = current.tickets
    _check_form(request, provider)
    shown = tickets.hash(request.ticket) if request.ticket else None
    returned = await work(handlers.come_back, handlers.ComeBack(tickets.hash(request.state), shown, now))
    if returned.turn is Turn.TO_APP:
        return CallbackView(outcome=Outcome.TO_APP, client_id=returned.client)
    identified = await _identified(request, returned.turn, tickets, provider)
    failpoint("P7")
    renewal, link_ticket = parts.tokens.draw(), tickets.draw()
    command = handlers.Arrive(
        subject=current.subject(identified),
        pivot=identified.pivot,
        acr=identified.acr,
        proposal=drawn(identified.email, parts) if identified.email else None,
        link_hash=tickets.hash(link_ticket),
        entry=handlers.Entry(
            parts.tokens.visit(returned.client, request.device_token), parts.tokens.session_id(None), renewal.hash, now
        ),
    )
    arrival = await work(handlers.arrive, command)
    if arrival.session:
        given = TokensView.of(arrival.session, parts.tokens, renewal)
        away = await provider.logout_url(identified.id_token, tickets.draw())
        return CallbackView(outcome=arrival.outcome, client_id=returned.client, session=given, logout_url=away)
    linking = link_ticket if arrival.outcome is Outcome.LINK_REQUIRED else None
    return CallbackView(outcome=arrival.outcome, client_id=returned.client, link_ticket=linking, portal=arrival.portal)


def _check_form(request: CallbackRequest, provider: FranceConnect) -> None:
    if wrong := malformed(request.state, request.ticket, request.code, request.error):
        raise provider.refused(wrong)


async def _identified(request: CallbackRequest, turn: Turn, tickets: Tickets, provider: Provider) -> Identified:
    """Whom FranceConnect vouches for. Raises FranceConnectRefused or FranceConnectUnavailable."""
    match turn, request.ticket, request.code:
        case Turn.GO_ON, str(ticket), str(code) if request.error is None:
            nonce, verifier = _secrets(tickets, ticket)
            return await provider.finish(code, verifier, nonce)
        case Turn.GO_ON, _, _:
            raise provider.returned(request.error or "")
        case _:
            raise provider.refused(Reason.STATE)


def _secrets(tickets: Tickets, ticket: str) -> tuple[str, str]:
    """The nonce and the PKCE verifier of whoever has this ticket; neither is stored."""
    return tickets.derived(ticket, "franceconnect-nonce"), tickets.derived(ticket, "franceconnect-verifier")


@router.post(
    "/me/franceconnect",
    status_code=204,
    operation_id="link_franceconnect",
    summary="Let FranceConnect open the account",
)
async def link_franceconnect(
    request: LinkRequest, person: CurrentPerson, *, current: CurrentFederation, work: CurrentWork, now: Now
) -> None:
    """Link the account of a person who has logged in with the code. 404 when FranceConnect named somebody else.

    The ticket is used up in any case.
    """
    command = handlers.LinkAccount(person.id, person.session_id, current.tickets.hash(request.link_ticket), now)
    linked_to(await work(handlers.link_account, command))
