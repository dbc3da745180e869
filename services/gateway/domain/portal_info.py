"""The public portal: what anybody may read before logging in, with the local part of a caisse (domain F11 to F13, F23).

Its texts are data. What a caisse does not say of itself is said for all of them, so nobody ends without a contact.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain.help import Guidance

SectionId = Literal["news", "rights", "reimbursements", "health"]
LinkId = Literal["medical-record", "contacts", "forms", "health-directory"]
AudienceId = Literal["professionals", "companies"]
POSTAL_CODE = 5  # digits
CORSICA, CORSE_DU_SUD, OVERSEAS = "20", ("200", "201"), ("97", "98")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_Part):
    """Where to go. A url without a host is a page of this site."""

    label: str
    url: str


class Landing(_Part):
    """The words above everything, and the two ways in."""

    text: str
    create_account: Link
    log_in: Link


class Section(_Part):
    """One part of the portal."""

    id: SectionId
    title: str
    text: str
    links: tuple[Link, ...]


class NamedLink(Link):
    """A service beside the account."""

    id: LinkId


class AudienceChoice(Link):
    """The site of those who are not insured persons."""

    id: AudienceId


class Regime(_Part):
    """A health insurance regime whose accounts are elsewhere, and its own portal (domain F07)."""

    id: str
    label: str
    url: str


class Audience(_Part):
    """The switch for whoever came to the wrong site."""

    question: str
    choices: tuple[AudienceChoice, ...]


class News(_Part):
    """A local piece of news (près de chez vous)."""

    published_on: date
    title: str
    text: str


class Contact(_Part):
    """How to reach a caisse; `appointment_url` is where an appointment at its reception is made."""

    name: str
    phone: str
    hours: str
    appointment_url: str


class Caisse(_Part):
    """What a caisse says of itself."""

    name: str
    town: str
    department: str
    hours: str
    appointment_url: str
    news: tuple[News, ...] = ()
    guidance: Guidance | None = None


class Directory(_Part):
    """Every caisse by its code, and what holds where the caisse is not known. One telephone number serves them all."""

    phone: str
    general: Contact
    guidance: Guidance
    caisses: Mapping[str, Caisse]

    def code(self, typed: str | None) -> str | None:
        """The code that somebody means: `2a` is 2A. None when there is no such caisse."""
        code = (typed or "").strip().upper()
        return code if code in self.caisses else None

    def code_at(self, postal_code: str | None) -> str | None:
        """The caisse of the département that a postal code is of. None when it says none of ours.

        The few communes that the post serves from the next département get that one's card: it sends them on.
        """
        typed = (postal_code or "").strip()
        if not (len(typed) == POSTAL_CODE and typed.isascii() and typed.isdecimal()):
            return None
        return self.code(_department(typed))

    def nearest(self, *chosen: str | None, postal_code: str | None = None) -> Contact:
        """The contact card of the first caisse chosen that exists, else of the one of the postal code, else of all."""
        codes = (*(self.code(each) for each in chosen), self.code_at(postal_code))
        return self.contact(next((each for each in codes if each), None))

    def contact(self, code: str | None) -> Contact:
        """The contact card of a caisse, or the one that serves everybody."""
        if code is None:
            return self.general
        caisse = self.caisses[code]
        return Contact(name=caisse.name, phone=self.phone, hours=caisse.hours, appointment_url=caisse.appointment_url)

    def guide(self, code: str | None) -> Guidance:
        """Where somebody helps with the account, face to face, near this caisse (domain F29, F85)."""
        return (self.caisses[code].guidance if code else None) or self.guidance


class CaisseChoice(_Part):
    """A caisse to choose. `department` is how people call it."""

    code: str
    name: str
    department: str


class Texts(_Part):
    """The part of the portal that is the same everywhere."""

    landing: Landing
    sections: tuple[Section, ...] = Field(min_length=4)
    links: tuple[NamedLink, ...] = Field(min_length=4)
    audience: Audience
    regimes: tuple[Regime, ...]

    def regime_at(self, url: str | None) -> Regime | None:
        """The regime whose portal this is."""
        return next((each for each in self.regimes if each.url == url), None)


class PortalPage(Texts):
    """The answer of `GET /portal`. `caisse` is null on the general page, which has no local news."""

    caisse: CaisseChoice | None
    near_you: tuple[News, ...]
    contact: Contact


def choices(directory: Directory) -> Sequence[CaisseChoice]:
    """Every caisse, by the name of its department."""
    found = [_choice(code, caisse) for code, caisse in directory.caisses.items()]
    return sorted(found, key=lambda each: each.department)


def portal_page(texts: Texts, directory: Directory, code: str | None) -> PortalPage:
    """The portal of a caisse that exists, or the general one; the newest local news first."""
    caisse = directory.caisses[code] if code else None
    return PortalPage(
        landing=texts.landing,
        sections=texts.sections,
        links=texts.links,
        audience=texts.audience,
        regimes=texts.regimes,
        caisse=_choice(code, caisse) if code and caisse else None,
        near_you=tuple(sorted(caisse.news, key=lambda each: each.published_on, reverse=True)) if caisse else (),
        contact=directory.contact(code),
    )


def _choice(code: str, caisse: Caisse) -> CaisseChoice:
    return CaisseChoice(code=code, name=caisse.name, department=caisse.department)


def _department(postal_code: str) -> str:
    """The département that a postal code begins with; Corsica's and those overseas are written otherwise."""
    if postal_code.startswith(CORSICA):
        return "2A" if postal_code.startswith(CORSE_DU_SUD) else "2B"
    return postal_code[: 3 if postal_code.startswith(OVERSEAS) else 2]
