"""Insured persons as the caisse's register knows them, and whether somebody is who they say."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.identity.domain import names
from services.identity.domain.nir import Nir


@dataclass(frozen=True)
class Claim:
    """What a person types beside the NIR to be recognised (domain F26)."""

    last_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    postal_code: str = field(repr=False)


@dataclass(frozen=True)
class InsuredPerson:
    """One person (assuré) of the register. `id` never changes; the NIR may, when a provisional one is certified."""

    id: UUID
    nir: Nir
    birth_last_name: str = field(repr=False)
    usage_last_name: str | None = field(repr=False)
    first_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    postal_code: str = field(repr=False)
    caisse: str
    regime: str

    @property
    def last_name(self) -> str:
        """The name the person goes by."""
        return self.usage_last_name or self.birth_last_name

    def is_whom(self, claim: Claim) -> bool:
        """Whether the claim is right: the birth or usage name, the birth date and the postal code."""
        known = (self.birth_last_name, self.usage_last_name or "")
        return (
            any(names.same(claim.last_name, name) for name in known)
            and claim.birth_date == self.birth_date
            and claim.postal_code == self.postal_code
        )


@dataclass(frozen=True)
class RegisterEntry:
    """A person with what else the register holds to recognise them by: bank account and card."""

    person: InsuredPerson
    iban: str | None = field(default=None, repr=False)
    vitale_serial: str | None = field(default=None, repr=False)
