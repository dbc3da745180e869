"""What a person can ask for (domain F36), in words; only what exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.channel import Channel
from contracts.problems import Text
from contracts.procedures import Actor, RequestKind, RequestState
from services.procedures.domain.parameters import Parameters
from services.procedures.domain.requests import Piece

KINDS: Mapping[RequestKind, Text] = {
    RequestKind.VITALE_CARD_ORDER: Text("Commander une carte Vitale", "Order a carte Vitale"),
}
STATES: Mapping[RequestState, Text] = {
    RequestState.PIECES_AWAITED: Text("Pièces attendues", "Documents awaited"),
    RequestState.BEING_CHECKED: Text("Pièces en cours de contrôle", "Documents being checked"),
    RequestState.IN_PRODUCTION: Text("Carte en fabrication", "Card in production"),
    RequestState.SHIPPED: Text("Carte envoyée", "Card sent"),
    RequestState.CLOSED: Text("Demande terminée", "Request closed"),
}
ACTS: Mapping[Actor | None, Text] = {
    Actor.INSURED: Text("À vous d'agir.", "It is your turn."),
    Actor.CAISSE: Text("Votre caisse s'en occupe, vous n'avez rien à faire.", "Your caisse sees to it, nothing to do."),
    None: Text("Il n'y a plus rien à faire.", "There is nothing left to do."),
}
PIECES: Mapping[Piece, Text] = {
    Piece.PHOTO: Text("une photo d'identité de 35 × 45 mm", "an identity photo of 35 × 45 mm"),
    Piece.IDENTITY_DOCUMENT: Text("votre pièce d'identité, recto et verso", "your identity document, both sides"),
}


@dataclass(frozen=True)
class Procedure:
    """One entry of the catalogue (démarche)."""

    kind: RequestKind
    title: Text
    channels: tuple[Channel, ...]
    eligibility: Text
    pieces: tuple[Piece, ...]
    expected_days: int


def catalogue(today: date, parameters: Parameters) -> tuple[Procedure, ...]:
    """The procedures there are today."""
    age = parameters.get("vitale-card.age-years", today)
    with_parent = parameters.get("vitale-card.age-with-parent-years", today)
    card = RequestKind.VITALE_CARD_ORDER
    return (
        Procedure(
            kind=card,
            title=KINDS[card],
            channels=(Channel.WEB, Channel.APP),
            eligibility=Text(
                f"Dès {age} ans, si aucune commande n'est en cours. "
                f"Entre {with_parent} et {age} ans, un parent fait la demande auprès de la caisse.",
                f"From the age of {age}, when no order is in progress. "
                f"Between {with_parent} and {age}, a parent asks the caisse.",
            ),
            pieces=(Piece.PHOTO, Piece.IDENTITY_DOCUMENT),
            expected_days=parameters.get("vitale-card.delay-days", today),
        ),
    )
