"""What codes are made of: digits (domain F15) or, from a dated day on, letters, digits and signs (domain 3.4)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.identity.domain.parameters import Parameters

LONGEST_TYPED = 64


class Alphabet(StrEnum):
    """Which characters a code may have; `mixed` are those of ASCII that show, without the space."""

    DIGITS = "digits"
    MIXED = "mixed"


@dataclass(frozen=True)
class CodeForm:
    """Characters and lengths of codes."""

    alphabet: Alphabet
    shortest: int
    longest: int

    @property
    def pattern(self) -> str:
        """The same as a regular expression of ECMAScript, for whoever makes a field of it."""
        characters = "[0-9]" if self.alphabet is Alphabet.DIGITS else "[!-~]"
        return f"^{characters}{{{self.shortest},{self.longest}}}$"

    def has(self, text: str) -> bool:
        """Whether a text is of this form."""
        return re.fullmatch(self.pattern[1:-1], text) is not None


# Provisional codes and second codes always are; own codes, as long as no other were allowed.
DIGITS = CodeForm(Alphabet.DIGITS, 4, 13)
ANY = CodeForm(Alphabet.MIXED, DIGITS.shortest, LONGEST_TYPED)


def form_of_typed(rules: Parameters, now: datetime) -> CodeForm:
    """What is read where a code is typed: every form in which somebody may have chosen one, whatever is chosen now."""
    return ANY if any(rules.values("code.own.alphabet", now)) else DIGITS


def form_of_own(rules: Parameters, now: datetime) -> CodeForm:
    """The form of an own code that is chosen now."""
    if rules.get("code.own.alphabet", now):
        lengths = (rules.get(f"code.own.mixed-{each}", now) for each in ("shortest", "longest"))
        return CodeForm(Alphabet.MIXED, *lengths)
    return CodeForm(Alphabet.DIGITS, rules.get("code.own.shortest", now), rules.get("code.own.longest", now))
