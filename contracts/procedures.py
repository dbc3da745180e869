"""What procedures publishes: requests (démarches) and how they advance."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.event import Event
from contracts.viewing import Viewed


class RequestKind(StrEnum):
    """Kinds of request, as named in the public API."""

    VITALE_CARD_ORDER = "vitale-card-order"


class RequestState(StrEnum):
    """Where a request is. Each state says who must act next."""

    PIECES_AWAITED = "pieces-awaited"
    BEING_CHECKED = "being-checked"
    IN_PRODUCTION = "in-production"
    SHIPPED = "shipped"
    CLOSED = "closed"


class Actor(StrEnum):
    """Who must act next on a request."""

    INSURED = "insured"
    CAISSE = "caisse"


class CardOrdered(Event, type="procedures.CardOrdered.v1"):
    """A person ordered a carte Vitale; nothing has been printed yet."""

    request_id: UUID
    tracking_number: str
    kind: RequestKind
    state: RequestState
    next_actor: Actor
    ordered_on: date
    expected_on: date


class RequestsViewed(Viewed, type="procedures.RequestsViewed.v1"):
    """A person's requests (démarches) were looked at; said once for each session that does."""
