"""Whom the gateway lets through."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.channel import Channel
from contracts.problems import Problem, Text, Unauthenticated
from services.gateway.domain.capabilities import Access, Capability

CODE_CHANGE = "code-change"
SAFE_METHODS = frozenset({"GET", "HEAD"})
PLACES = {
    Channel.WEB: Text("le site web", "the web site"),
    Channel.APP: Text("l'application mobile", "the mobile application"),
}


@dataclass(frozen=True)
class Session:
    """A person who is logged in, as the access token says. `scope` `code-change`: an own code must be chosen first."""

    person_id: UUID
    session_id: UUID
    channel: Channel
    scope: str
    expires_at: datetime


class CodeChangeRequired(Problem):
    """A provisional code opens nothing but the choice of an own one (domain F21)."""

    status = 403
    title = Text("Choisissez d'abord votre code personnel", "Choose your own code first")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Vous êtes entré avec un code provisoire : remplacez-le par un code personnel, puis continuez.",
                "You came in with a provisional code: replace it with your own code, then go on.",
            )
        )


class ChannelNotAllowed(Problem):
    """The feature exists, in the other channel; saying where is better than hiding it."""

    status = 403
    title = Text("Service proposé ailleurs", "Service offered elsewhere")

    def __init__(self, channels: frozenset[Channel]) -> None:
        places = [PLACES[channel] for channel in sorted(channels)]
        super().__init__(
            Text(
                f"Ce service se trouve sur {' et '.join(place.fr for place in places)}.",
                f"You find this service on {' and '.join(place.en for place in places)}.",
            ),
            channels=sorted(channels),
        )


class CrossSiteRequest(Problem):
    """A browser that is on another site, or will not say where it is, may not act in somebody's name."""

    status = 403
    title = Text("Demande venue d'un autre site", "Request from another site")

    def __init__(self, public_url: str) -> None:
        super().__init__(
            Text(f"Recommencez depuis {public_url}.", f"Start again from {public_url}."),
        )


def admit(session: Session | None, wanted: Capability) -> None:
    """Raises Unauthenticated, CodeChangeRequired or ChannelNotAllowed unless this session may call this route."""
    if wanted.access is Access.PUBLIC:
        return
    if session is None:
        raise Unauthenticated
    if session.scope == CODE_CHANGE and wanted.access is not Access.ANY_SESSION:
        raise CodeChangeRequired
    if session.channel not in wanted.channels:
        raise ChannelNotAllowed(wanted.channels)


@dataclass(frozen=True)
class Provenance:
    """What a browser says about where a request comes from; None where it says nothing."""

    origin: str | None = None
    fetch_site: str | None = None

    def check(self, public_url: str, *, proof: bool, others: Collection[str] = ()) -> None:
        """Raises CrossSiteRequest for another site, and with `proof` also for silence (a cookie may be at work)."""
        if self.origin not in {None, public_url, *others} or self.fetch_site not in {None, "same-origin"}:
            raise CrossSiteRequest(public_url)
        if proof and self.origin is None and self.fetch_site is None:
            raise CrossSiteRequest(public_url)
