"""What an agent types for a person at the counter (guichet): `restore`, `reviews`, `decide REFERENCE PERSON`.

Numbers and addresses are asked for, and read from the input: the command line is seen by every process.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.mongo import DatabaseDown
from chassis.service import Service
from chassis.work import Work
from contracts.problems import NotFound
from contracts.sealed import Sealed
from services.identity import handlers
from services.identity.domain import email as emails
from services.identity.domain import nir
from services.identity.domain.access_code import IssuedCode
from services.identity.domain.account import Letter
from services.identity.domain.federation import Review
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import PARIS
from services.identity.domain.recovery import NotRestored

COMMANDS = ("restore", "reviews", "decide")
USAGE = "usage: python -m services.identity.main restore | reviews | decide REFERENCE PERSON|nobody\n"
MOST_LISTED = 100
NOT_WAITING = "Cette demande n'attend plus, ou ne porte pas sur cette personne."
WRONG_INPUT = "Le numéro ou l'adresse est mal écrit : rien n'a été fait."
DOWN = "La base de données ne répond pas : rien n'est sûr, regardez avant de recommencer."


@dataclass(frozen=True)
class Counter:
    """The commands, on the service's own database."""

    work: Work[Any]
    issue: Callable[[datetime], Awaitable[IssuedCode]]
    seal: Callable[..., Sealed]
    ask: Callable[[str], str]
    say: Callable[[str], object]

    async def restore(self) -> int:
        """Ask for number and address of a person who showed who they are, and mail a code there; 0 when it went."""
        try:
            number = nir.parse(self.ask("Numéro de sécurité sociale : "))
            address = emails.parse(self.ask("Adresse e-mail, relue par la personne : "))
        except ValueError:
            return self._refuse(WRONG_INPUT)
        now = clock.now()
        letter = Letter(self.seal(address.address, "notifications"), await self.issue(now))
        try:
            person = await self.work(handlers.restore_access, handlers.RestoreAccess(number, address, letter, now))
        except NotRestored as why:
            return self._refuse(str(why))
        self.say(f"Un code provisoire part à l'adresse indiquée (personne {person}).")
        return 0

    async def reviews(self) -> int:
        """Show which persons of FranceConnect wait for an agent; none whose access log could not be told."""
        count = 0
        for reference in await self.work.read(handlers.list_reviews, handlers.ListReviews(MOST_LISTED)):
            if found := await self.work(handlers.read_review, handlers.ReadReview(reference, clock.now())):
                self.say("\n".join(_shown(*found)))
                count += 1
        self.say(f"{count} en attente")
        return 0

    async def decide(self, reference: str, person: str) -> int:
        """Let FranceConnect open the account of that person, whom the agent found it to be; or of nobody."""
        try:
            chosen = None if person == "nobody" else UUID(person)
            await self.work(handlers.decide_review, handlers.DecideReview(reference, chosen, clock.now()))
        except (ValueError, NotFound):
            return self._refuse(NOT_WAITING)
        self.say("C'est noté.")
        return 0

    def _refuse(self, why: str) -> int:
        self.say(why)
        return 1


def _shown(review: Review, persons: Sequence[InsuredPerson]) -> Sequence[str]:
    identity, day = review.pivot, review.asked_at.astimezone(PARIS).date()
    return [
        f"{review.subject}  demandé le {day:%d/%m/%Y}",
        f"  FranceConnect : {identity.family_name} {' '.join(identity.given_names)}, lieu {identity.birthplace or '-'}",
        *(
            f"  {each.id}  {each.birth_last_name} {each.first_name}, {each.birth_date}, caisse {each.caisse}"
            for each in persons
        ),
    ]


def main(
    arguments: Sequence[str],
    service: Service,
    work: Work[Any],
    issue: Callable[[datetime], Awaitable[IssuedCode]],
) -> int:
    """Run one command; 0 when it was carried out."""
    counter = Counter(work, issue, service.sealer.seal, _asked, print)
    match arguments:
        case ["restore"]:
            return asyncio.run(_prepared(service, counter.restore))
        case ["reviews"]:
            return asyncio.run(_prepared(service, counter.reviews))
        case ["decide", reference, person]:
            return asyncio.run(_prepared(service, partial(counter.decide, reference, person)))
        case _:
            sys.stderr.write(USAGE)
            return 2


async def _prepared(service: Service, command: Callable[[], Awaitable[int]]) -> int:
    try:
        async with service.database.bounded():
            await service.cipher.prepare()
        return await command()
    except DatabaseDown:
        sys.stderr.write(f"{DOWN}\n")
        return 1
    finally:
        await service.database.close()


def _asked(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()
