"""Who FranceConnect says somebody is (identité pivot), and which insured person that is (domain 3.6)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from contracts.birth_date import BirthDate
from services.identity.domain import names
from services.identity.domain.insured import InsuredPerson

FRANCE = "99100"
LONGEST_NAME, MOST_NAMES = 100, 20
_COUNTRY = re.compile(r"99[0-9]{3}")
_COMMUNE = re.compile(r"(2[AB]|[0-9]{2})[0-9]{3}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Gender(StrEnum):
    """As civil status has it; never compared with the sex digit of a NIR (domain 3.1)."""

    FEMALE = "female"
    MALE = "male"


class NotAPivotIdentity(ValueError):
    """A claim is missing or malformed. Names the claim, never what it holds."""


@dataclass(frozen=True)
class PivotIdentity:
    """A person by civil status. The family name is the one at birth. Never shows itself."""

    given_names: tuple[str, ...] = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: BirthDate = field(repr=False)
    gender: Gender = field(repr=False)
    birthplace: str | None = field(repr=False)
    birthcountry: str = field(repr=False)


@dataclass(frozen=True)
class One:
    """Exactly one insured person has this identity, birth date included."""

    person: InsuredPerson


@dataclass(frozen=True)
class Several:
    """More than one has it, or one may have it: an agent decides, not this service (domain F24).

    One alone *may* have it when the birth date is known in part to one side only, and in more detail to the other.
    """

    persons: tuple[InsuredPerson, ...]


Match: TypeAlias = One | Several | None


def parse(claims: Mapping[str, object]) -> PivotIdentity:
    """Read the claims of the scope `identite_pivot`. Raises NotAPivotIdentity."""
    country = _matching(_COUNTRY, claims, "birthcountry")
    return PivotIdentity(
        given_names=_given_names(claims),
        family_name=_name(claims.get("family_name"), "family_name"),
        birth_date=_birth_date(claims),
        gender=_gender(claims),
        birthplace=_birthplace(claims, country),
        birthcountry=country,
    )


def matches(pivot: PivotIdentity, person: InsuredPerson) -> bool:
    """Whether the identity may be this person's: name at birth, first name, birth date as far as both know it.

    Gender and place of birth are not compared: the register has neither, and a NIR tells neither for sure.
    """
    return (
        names.same(pivot.family_name, person.birth_last_name)
        and _has_first_name(pivot, person.first_name)
        and (pivot.birth_date.covers(person.birth_date) or person.birth_date.covers(pivot.birth_date))
    )


def find(pivot: PivotIdentity, candidates: Iterable[InsuredPerson]) -> Match:
    """Which of the candidates it is. Nobody is None; of two alike neither is chosen.

    Nor is one whose birth date is only not contradicted: 1985-00-00 is not yet who was born on 1985-03-14.
    """
    found = {person.id: person for person in candidates if matches(pivot, person)}
    match tuple(found.values()):
        case ():
            return None
        case (person,) if person.birth_date == pivot.birth_date:
            return One(person)
        case persons:
            return Several(persons)


def search_key(person: InsuredPerson) -> str:
    """What a person of the register is looked up by: to be blinded by whoever stores it, never kept in clear."""
    return _search_key(person.birth_last_name, person.birth_date.year)


def search_keys(pivot: PivotIdentity) -> tuple[str, ...]:
    """The keys under which every person that matches is found; the year is the part of a birth date always known."""
    return (_search_key(pivot.family_name, pivot.birth_date.year),)


def _search_key(family_name: str, year: int) -> str:
    return f"{names.folded(family_name)}|{year}"


def _has_first_name(pivot: PivotIdentity, first_name: str) -> bool:
    # A compound name may come in parts: Jean, Pierre for Jean-Pierre.
    leading = ("".join(pivot.given_names[:count]) for count in range(2, len(pivot.given_names) + 1))
    return any(names.same(first_name, each) for each in (*pivot.given_names, *leading))


def _given_names(claims: Mapping[str, object]) -> tuple[str, ...]:
    together = _name(claims.get("given_name"), "given_name")
    listed = claims.get("given_name_array")
    if listed is None:
        return tuple(together.split())
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_NAMES:
        raise NotAPivotIdentity("given_name_array")
    return tuple(_name(each, "given_name_array") for each in listed)


def _birth_date(claims: Mapping[str, object]) -> BirthDate:
    try:
        return BirthDate.read(_text(claims, "birthdate"))
    except ValueError:
        raise NotAPivotIdentity("birthdate") from None


def _birthplace(claims: Mapping[str, object], country: str) -> str | None:
    if country == FRANCE:
        return _matching(_COMMUNE, claims, "birthplace")
    if claims.get("birthplace") not in (None, ""):
        raise NotAPivotIdentity("birthplace")
    return None


def _gender(claims: Mapping[str, object]) -> Gender:
    try:
        return Gender(_text(claims, "gender"))
    except ValueError:
        raise NotAPivotIdentity("gender") from None


def _matching(form: re.Pattern[str], claims: Mapping[str, object], claim: str) -> str:
    text = _text(claims, claim)
    if not form.fullmatch(text):
        raise NotAPivotIdentity(claim)
    return text


def _name(value: object, claim: str) -> str:
    good = isinstance(value, str) and len(value) <= LONGEST_NAME and names.folded(value) and not _CONTROL.search(value)
    if not good:
        raise NotAPivotIdentity(claim)
    return str(value)


def _text(claims: Mapping[str, object], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str):
        raise NotAPivotIdentity(claim)
    return value
