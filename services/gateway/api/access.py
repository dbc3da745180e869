"""Who calls: an application by its bearer token, a browser by its cookies."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from fastapi import Request, Response

from chassis import telemetry
from contracts.channel import Channel
from contracts.problems import Unauthenticated
from services.gateway.api.bodies import text_member
from services.gateway.api.limiting import RateLimits, Room
from services.gateway.domain.capabilities import Access, Capability
from services.gateway.domain.limits import Per
from services.gateway.domain.sessions import SAFE_METHODS, Provenance, Session, admit
from services.gateway.domain.versions import Version, application, check
from services.gateway.handlers.home import PreparedPages
from services.gateway.handlers.sessions import Services, Tokens

ACCESS, REFRESH, DEVICE = "access", "refresh", "device"
LEAVING = "franceconnect-logout"
TICKET = "franceconnect"
# Where the secret stands that these routes are asked with: the member of the address or the body, the cookie.
SECRETS: Mapping[str, tuple[str, str | None]] = {
    "POST /sessions/refresh": ("refresh_token", REFRESH),
    "POST /sessions/challenges/{challenge_id}": ("challenge_id", None),
    "POST /sessions/passkeys": ("ceremony_id", None),
    "GET /franceconnect/callback": ("ticket", TICKET),
    "POST /franceconnect/sessions": ("ticket", None),
    "POST /email-validations": ("token", None),
    "POST /account-freezes": ("token", None),
}


class AccessTokens(Protocol):
    """What tells a good access token."""

    def read(self, token: str) -> Awaitable[Session]:
        """Its session. Raises Unauthenticated."""

    def read_device(self, token: str) -> Awaitable[UUID | None]:
        """The device that a genuine device token names."""

    def forget(self, session_id: UUID) -> None:
        """Refuse this session from now on."""


@dataclass(frozen=True)
class Edge:
    """What the routes stand on. Our own pages come from `public_url` and, where they have more, `other_origins`.

    `app_minimum`: the oldest version of each platform's application that is served. `app_link` is opened by our
    application alone, which the associations prove to phones; empty ones are not answered.
    """

    services: Services
    tokens: AccessTokens
    pages: PreparedPages
    rates: RateLimits
    public_url: str
    app_link: str
    entrance: Room
    ios_association: Mapping[str, Any] = field(default_factory=dict)
    android_association: Sequence[Mapping[str, Any]] = ()
    secure_cookies: bool = True
    other_origins: tuple[str, ...] = ()
    app_minimum: Mapping[str, Version] = field(default_factory=dict)

    def cookie(self, name: str) -> str:
        """The cookie's full name; `__Host-` makes browsers insist on Secure, this host and the whole path."""
        return f"__Host-{name}" if self.secure_cookies else name

    def give(self, response: Response, tokens: Tokens) -> None:
        """Put the tokens where no script can read them."""
        self.keep(response, ACCESS, tokens.access, tokens.access_life)
        self.keep(response, REFRESH, tokens.refresh, tokens.refresh_life)
        if tokens.device and tokens.device_life:
            self.keep(response, DEVICE, tokens.device, tokens.device_life)

    def take_back(self, response: Response) -> None:
        """Remove them."""
        for name in (ACCESS, REFRESH):
            self.keep(response, name, "", 0)

    def keep(self, response: Response, name: str, value: str, life: int) -> None:
        """Set one cookie for `life` seconds; 0 removes it."""
        response.set_cookie(
            self.cookie(name), value, max_age=life, path="/", secure=self.secure_cookies, httponly=True, samesite="lax"
        )


def edge_of(request: Request) -> Edge:
    """The one that main.py made."""
    edge: Edge = request.app.state.edge
    return edge


async def admitted(request: Request, wanted: Capability) -> Session | None:
    """The session that may call this route; None where none is needed. Counts the call where the route is limited.

    Raises the refusals of domain.sessions, UpgradeRequired, and TooManyRequests.
    """
    edge = edge_of(request)
    check(application(request.headers.get("x-app-version")), edge.app_minimum)
    authorization = request.headers.get("authorization")
    cookies = {} if authorization else request.cookies
    check_provenance(request, proof=any(edge.cookie(name) in cookies for name in (ACCESS, REFRESH)))
    if wanted.access is Access.PUBLIC:
        await counted(request, wanted)
        return None
    if authorization:
        session = await _session(edge, _bearer(authorization), Channel.APP)
    else:
        session = await _session(edge, cookies.get(edge.cookie(ACCESS)), Channel.WEB)
    admit(session, wanted)
    telemetry.annotate(compte_person_id=str(session.person_id))
    await counted(request, wanted, session)
    return session


async def counted(request: Request, wanted: Capability, session: Session | None = None) -> None:
    """Count one use of a limited route: part of admitted, alone for a call within a call. Raises TooManyRequests."""
    edge = edge_of(request)
    rule = edge.rates.rule(wanted)
    if rule.limits:
        device = await _device(edge, request) if rule.counts_by(Per.DEVICE) else None
        secret = await _secret(edge, request, rule.name) if rule.counts_by(Per.SECRET) else None
        said = {Per.SESSION: session and session.session_id, Per.DEVICE: device, Per.SECRET: secret}
        await edge.rates.use(request, rule, said)


async def logged_in(request: Request, wanted: Capability) -> Session:
    """As admitted, for a route that needs a session."""
    session = await admitted(request, wanted)
    if session is None:
        raise Unauthenticated
    return session


def check_provenance(request: Request, *, proof: bool) -> None:
    """Raises CrossSiteRequest when another site's page acts, or with `proof` when a browser does not say which."""
    if request.method not in SAFE_METHODS:
        headers = request.headers
        provenance = Provenance(headers.get("origin"), headers.get("sec-fetch-site"))
        edge = edge_of(request)
        provenance.check(edge.public_url, proof=proof, others=edge.other_origins)


async def _session(edge: Edge, token: str | None, channel: Channel) -> Session:
    """A web session comes by cookie and an application's by bearer token, never the other way round."""
    if not token:
        raise Unauthenticated
    session = await edge.tokens.read(token)
    if session.channel is not channel:
        raise Unauthenticated
    return session


def browsers_device(request: Request) -> str | None:
    """The device token that a browser's cookie holds."""
    return request.cookies.get(edge_of(request).cookie(DEVICE))


async def _device(edge: Edge, request: Request) -> UUID | None:
    """The device that proves itself: a browser by its cookie, an application in the body of its log-in."""
    token = browsers_device(request) or text_member(await request.body(), "device_token")
    return await edge.tokens.read_device(token) if token else None


async def _secret(edge: Edge, request: Request, route: str) -> str | None:
    """The secret that a route is asked with: in its address or its body, or in a browser's cookie."""
    name, cookie = SECRETS[route]
    found = request.path_params.get(name) or text_member(await request.body(), name)
    if not found and cookie:
        found = request.cookies.get(edge.cookie(cookie))
    return found if found and found.isascii() else None


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else None
