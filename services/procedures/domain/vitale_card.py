"""The order of a carte Vitale (domain 3.16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.birth_date import BirthDate
from contracts.problems import Problem, Text
from contracts.procedures import Actor, CardOrdered, RequestKind, RequestState
from services.procedures.domain.parameters import Parameters
from services.procedures.domain.requests import Milestone, Piece, Request

PREFIX = "CV"
PIECES = (Piece.PHOTO, Piece.IDENTITY_DOCUMENT)


@dataclass(frozen=True)
class Person:
    """What procedures remembers of an insured person."""

    id: UUID
    first_name: str
    last_name: str
    birth_date: BirthDate
    caisse: str


WHAT_TO_DO: Mapping[Actor | None, Text] = {
    Actor.INSURED: Text(
        "Envoyez les pièces attendues pour qu'elle avance.", "Send the documents awaited to move it on."
    ),
    Actor.CAISSE: Text("Vous n'avez rien à faire : suivez-la dans vos démarches.", "Just follow it in your requests."),
}


class OrderAlreadyInProgress(Problem):
    """A new card opposes the one before, so a second order would void the first card on its way."""

    title = Text("Une commande est déjà en cours", "An order is already in progress")

    def __init__(self, order: Request) -> None:
        day = f"{order.ordered_on:%d/%m/%Y}"
        what = WHAT_TO_DO[order.next_actor]
        super().__init__(
            Text(
                f"Vous avez commandé une carte le {day} sous le numéro {order.tracking_number}. {what.fr}",
                f"You ordered a card on {day} under the number {order.tracking_number}. {what.en}",
            ),
            request_id=order.id,
            tracking_number=order.tracking_number,
        )


class TooYoung(Problem):
    """Below the age of having a card of one's own request; a parent may ask for it earlier."""

    status = 403
    title = Text("Carte Vitale : âge minimal", "Carte Vitale: minimum age")

    def __init__(self, eligible_on: date, parent_age: int) -> None:
        super().__init__(
            Text(
                f"Vous pourrez la commander à partir du {eligible_on:%d/%m/%Y}. "
                f"Un parent peut la demander pour vous dès {parent_age} ans.",
                f"You can order it from {eligible_on:%d/%m/%Y}. A parent can ask for it from the age of {parent_age}.",
            ),
            eligible_on=eligible_on,
        )


def order_card(
    person: Person,
    orders: Sequence[Request],
    *,
    request_id: UUID,
    tracking_number: str,
    today: date,
    now: datetime,
    parameters: Parameters,
) -> tuple[Request, CardOrdered]:
    """Accept an order of a card for oneself. Raises TooYoung or OrderAlreadyInProgress.

    Who may have reached the age, since civil status does not know the day of birth, has.
    """
    eligible_on = birthday(person.birth_date.earliest, parameters.get("vitale-card.age-years", today))
    if today < eligible_on:
        raise TooYoung(eligible_on, parameters.get("vitale-card.age-with-parent-years", today))
    for order in orders:
        if order.kind is RequestKind.VITALE_CARD_ORDER and order.is_open:
            raise OrderAlreadyInProgress(order)

    request = Request(
        id=request_id,
        person_id=person.id,
        kind=RequestKind.VITALE_CARD_ORDER,
        tracking_number=tracking_number,
        ordered_at=now,
        ordered_on=today,
        expected_on=today + timedelta(days=parameters.get("vitale-card.delay-days", today)),
        awaited=PIECES,
        history=(Milestone(RequestState.PIECES_AWAITED, today),),
    )
    return request, _ordered(request)


def birthday(birth: date, age: int) -> date:
    """The day somebody reaches an age: 28 February for who was born on the 29th and it does not exist."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 2, 28)


def _ordered(request: Request) -> CardOrdered:
    return CardOrdered(
        person_id=request.person_id,
        request_id=request.id,
        tracking_number=request.tracking_number,
        kind=request.kind,
        state=request.state,
        next_actor=request.next_actor or Actor.CAISSE,
        ordered_on=request.ordered_on,
        expected_on=request.expected_on,
    )
