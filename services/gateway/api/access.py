"""Who calls: an application by its bearer token, a browser by its cookies."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from fastapi import Request, Response

from chassis import telemetry
from contracts.identity import Channel
from contracts.problems import Unauthenticated
from services.gateway.domain.capabilities import Access, Capability
from services.gateway.domain.sessions import SAFE_METHODS, Provenance, Session, admit
from services.gateway.handlers.home import PreparedPages
from services.gateway.handlers.sessions import Services, Tokens

ACCESS, REFRESH = "access", "refresh"


class AccessTokens(Protocol):
    """What tells a good access token."""

    def read(self, token: str) -> Awaitable[Session]:
        """Its session. Raises Unauthenticated."""

    def forget(self, session_id: UUID) -> None:
        """Refuse this session from now on."""


@dataclass(frozen=True)
class Edge:
    """What the routes stand on. `public_url` is the only origin of our own pages."""

    services: Services
    tokens: AccessTokens
    pages: PreparedPages
    public_url: str
    secure_cookies: bool = True

    def cookie(self, name: str) -> str:
        """The cookie's full name; `__Host-` makes browsers insist on Secure, this host and the whole path."""
        return f"__Host-{name}" if self.secure_cookies else name

    def give(self, response: Response, tokens: Tokens) -> None:
        """Put the tokens where no script can read them."""
        self._set(response, ACCESS, tokens.access, tokens.access_life)
        self._set(response, REFRESH, tokens.refresh, tokens.refresh_life)

    def take_back(self, response: Response) -> None:
        """Remove them."""
        for name in (ACCESS, REFRESH):
            self._set(response, name, "", 0)

    def _set(self, response: Response, name: str, value: str, life: int) -> None:
        response.set_cookie(
            self.cookie(name), value, max_age=life, path="/", secure=self.secure_cookies, httponly=True, samesite="lax"
        )


def edge_of(request: Request) -> Edge:
    """The one that main.py made."""
    edge: Edge = request.app.state.edge
    return edge


async def admitted(request: Request, wanted: Capability) -> Session | None:
    """The session that may call this route; None where none is needed. Raises the refusals of domain.sessions."""
    edge = edge_of(request)
    authorization = request.headers.get("authorization")
    cookies = {} if authorization else request.cookies
    check_provenance(request, proof=any(edge.cookie(name) in cookies for name in (ACCESS, REFRESH)))
    if wanted.access is Access.PUBLIC:
        return None
    if authorization:
        session = await _session(edge, _bearer(authorization), Channel.APP)
    else:
        session = await _session(edge, cookies.get(edge.cookie(ACCESS)), Channel.WEB)
    admit(session, wanted)
    telemetry.annotate(compte_person_id=str(session.person_id))
    return session


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
        provenance.check(edge_of(request).public_url, proof=proof)


async def _session(edge: Edge, token: str | None, channel: Channel) -> Session:
    """A web session comes by cookie and an application's by bearer token, never the other way round."""
    if not token:
        raise Unauthenticated
    session = await edge.tokens.read(token)
    if session.channel is not channel:
        raise Unauthenticated
    return session


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else None
