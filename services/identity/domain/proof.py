"""Whether somebody is the insured person they say, and how often that may be guessed (domain F25, F26, 3.2)."""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import ClassVar, TypeAlias
from uuid import UUID

from contracts.birth_date import BirthDate
from contracts.identity import CreationWay
from services.identity.domain import names
from services.identity.domain.iban import Iban
from services.identity.domain.insured import CardState, InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import PARIS, Parameters
from services.identity.domain.regimes import check_covered


@dataclass(frozen=True)
class Claim:
    """What a person types into the web form beside the NIR."""

    way: ClassVar[CreationWay] = CreationWay.WEB_FORM

    last_name: str = field(repr=False)
    birth_date: BirthDate = field(repr=False)
    postal_code: str = field(repr=False)

    def holds(self, entry: RegisterEntry) -> bool:
        """Whether the birth or usage name, the birth date and the postal code are the person's."""
        person = entry.person
        named = [names.same(self.last_name, each) for each in (person.birth_last_name, person.usage_last_name or "")]
        return all([any(named), self.birth_date == person.birth_date, self.postal_code == person.postal_code])


@dataclass(frozen=True)
class CardClaim:
    """What a person reads off their carte Vitale and RIB, beside the NIR."""

    way: ClassVar[CreationWay] = CreationWay.CARD_AND_IBAN

    iban: Iban
    vitale_serial: str = field(repr=False)

    def holds(self, entry: RegisterEntry) -> bool:
        """Whether account and card are the ones that the caisse holds, in a time that tells nothing.

        A card that was opposed or replaced proves nothing, and answers as a wrong serial: whoever stole it learns no
        more from it than from a guess.
        """
        known = (entry.iban, entry.vitale_serial, entry.card_state)
        typed = (self.iban.number, self.vitale_serial, CardState.ACTIVE)
        same = [_alike(*each) for each in zip(known, typed, strict=True)]
        return all(same)


AnyClaim: TypeAlias = Claim | CardClaim
# What a claim is compared with when nobody has the number.
_NOBODY = RegisterEntry(InsuredPerson(UUID(int=0), Nir(""), "", None, "", BirthDate(1), "", "", ""))


@dataclass(frozen=True)
class Failures:
    """The proofs of one number, known or not, that failed on one day (in Paris)."""

    day: date | None = None
    count: int = 0
    version: int = 0

    def locked(self, rules: Parameters, now: datetime) -> bool:
        """Whether no further proof is judged on this day. The person may log in all the same."""
        return self.day == _day(now) and self.count >= rules.get("proof.failures-a-day", now)

    def plus_one(self, now: datetime) -> "Failures":
        """With one more. Days do not add up; nor does a right proof take any away.

        Whoever proves right has no need of further guesses, and clearing would hand a stranger three more.
        """
        today = _day(now)
        return replace(self, day=today, count=self.count + 1 if self.day == today else 1)


def recognised(entry: RegisterEntry | None, claim: AnyClaim) -> InsuredPerson | None:
    """The person, if the claim is right and the number is a definitive one (domain 3.1).

    Compares as much for an unknown number. Raises RegimeNotCovered, but only to whoever was recognised: to
    anybody else it would tell who is insured.
    """
    right = claim.holds(entry or _NOBODY)
    if entry is None or not right or entry.person.nir.provisional:
        return None
    check_covered(entry.person.regime)
    return entry.person


def _alike(known: str | None, typed: str) -> bool:
    # Of equal length, whatever was typed; a value that the register lacks is compared all the same.
    equal = hmac.compare_digest(_digest(known or ""), _digest(typed))
    return equal and known is not None


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


def _day(now: datetime) -> date:
    return now.astimezone(PARIS).date()
