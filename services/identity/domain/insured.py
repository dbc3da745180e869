"""Insured persons as the caisse's register knows them, and what may become of their numbers (domain 3.1)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.birth_date import BirthDate
from contracts.identity import CaisseChanged, NameChanged
from services.identity.domain.nir import Nir


@dataclass(frozen=True)
class InsuredPerson:
    """One person (assuré) of the register. `id` never changes; the NIR may, when a provisional one is certified."""

    id: UUID
    nir: Nir
    birth_last_name: str = field(repr=False)
    usage_last_name: str | None = field(repr=False)
    first_name: str = field(repr=False)
    birth_date: BirthDate = field(repr=False)
    postal_code: str = field(repr=False)
    caisse: str
    regime: str

    @property
    def last_name(self) -> str:
        """The name the person goes by."""
        return self.usage_last_name or self.birth_last_name


class CardState(StrEnum):
    """What became of a carte Vitale. Only an active one proves who somebody is (domain 3.2)."""

    ACTIVE = "active"
    OPPOSED = "opposed"
    REPLACED = "replaced"


@dataclass(frozen=True)
class RegisterEntry:
    """A person with what else the register holds to recognise them by: bank account and card."""

    person: InsuredPerson
    iban: str | None = field(default=None, repr=False)
    vitale_serial: str | None = field(default=None, repr=False)
    card_state: CardState = CardState.ACTIVE


class WrongNumber(Exception):
    """The caisse gives a number that cannot be this person's. Its text quotes nothing."""


def replaced_number(known: RegisterEntry | None, entry: RegisterEntry, holder: InsuredPerson | None) -> Nir | None:
    """The provisional number that this line of the register replaces by the definitive one, if it does.

    `known` is what the register holds on the person, `holder` is whom the line's number names so far. Raises
    WrongNumber when that is somebody else, and when a person would change their number without certification.
    """
    if holder and holder.id != entry.person.id:
        raise WrongNumber("another person has it")
    old, new = known.person.nir if known else entry.person.nir, entry.person.nir
    if old == new:
        return None
    if not old.provisional or new.provisional:
        raise WrongNumber("this person has another one")
    return old


def moved(known: RegisterEntry | None, entry: RegisterEntry, now: datetime) -> CaisseChanged | None:
    """What this line of the register says of a move: the person belongs to another caisse than before (domain F11)."""
    if known is None or known.person.caisse == entry.person.caisse:
        return None
    return CaisseChanged(
        person_id=entry.person.id, caisse=entry.person.caisse, previous_caisse=known.person.caisse, changed_at=now
    )


def renamed(known: RegisterEntry | None, entry: RegisterEntry, now: datetime) -> NameChanged | None:
    """What this line of the register says of a name: the person goes by another one than before (domain 3.22)."""
    person = entry.person
    if known is None or _name(known.person) == _name(person):
        return None
    return NameChanged(person_id=person.id, first_name=person.first_name, last_name=person.last_name, changed_at=now)


def _name(person: InsuredPerson) -> tuple[str, str]:
    return person.first_name, person.last_name
