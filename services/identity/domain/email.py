"""E-mail addresses: which are accepted, which are the same one (domain F09), how often one is written to."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

import idna
from disposable_email_domains import blocklist
from pydantic_core import PydanticCustomError

from services.identity.domain.parameters import DAY, Parameters

LONGEST, LONGEST_LOCAL = 254, 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Email:
    """An address to write to. Two addresses with the same `key` are one. Never shows itself."""

    address: str = field(repr=False)

    @property
    def key(self) -> str:
        """What makes it unique: one e-mail is one account."""
        return self.address.casefold()

    @property
    def masked(self) -> str:
        """Enough for its owner to recognise it: l***@exemple.invalid."""
        local, _, domain = self.address.rpartition("@")
        return f"{local[0]}***@{domain}"


@dataclass(frozen=True)
class Written:
    """When one address was written to because somebody typed it, whoever that was."""

    at: tuple[datetime, ...] = ()
    version: int = 0

    def once_more(self, rules: Parameters, now: datetime, *, kept: int = 0) -> "Written | None":
        """With one more e-mail; None when the address had its share of the last 24 hours, save those `kept` (A19)."""
        recent = tuple(each for each in self.at if now - each < DAY)
        if len(recent) + kept >= rules.get("mail.address-a-day", now):
            return None
        return replace(self, at=(*recent, now))


def parse(text: str) -> Email:
    """Read an address as people type it; the domain becomes its IDNA form. Raises ValueError, which quotes nothing.

    A throw-away address is refused: letters about somebody's rights must find them next year (reliability A18).
    """
    local, at, domain = text.strip().rpartition("@")
    ascii_domain = _ascii(domain)
    labels = ascii_domain.split(".")
    good = (
        at
        and len(local) <= LONGEST_LOCAL
        and _LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
        and len(local) + 1 + len(ascii_domain) <= LONGEST
    )
    if not good:
        raise PydanticCustomError("email-format", "not an e-mail address")
    if any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1)):
        raise PydanticCustomError("email-throw-away", "a throw-away address")
    return Email(f"{local}@{ascii_domain}")


def _ascii(domain: str) -> str:
    """The domain that is registered for what was typed (IDNA 2008), "" for none.

    Python's own codec is of IDNA 2003: it reads straße.de as strasse.de, which is somebody else's. A label of ASCII
    is a name already, and stays as it is.
    """
    try:
        labels = idna.uts46_remap(domain, std3_rules=False).split(".")
        return ".".join(label if label.isascii() else idna.alabel(label).decode() for label in labels)
    except idna.IDNAError:
        return ""
