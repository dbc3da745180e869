"""What access codes are made of, as identity says: the fields of the pages and the texts follow (domain F15, 3.4)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

PLACE = "{own_code}"


class CodeForm(BaseModel):
    """Characters (`digits`, or `mixed`: letters, digits and signs) and lengths of codes, and both as a pattern."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    alphabet: Literal["digits", "mixed"]
    shortest: int
    longest: int
    pattern: str

    @property
    def words(self) -> str:
        """The form in French, as it goes on after « un code »."""
        if self.alphabet == "digits":
            return f"de {self.shortest} à {self.longest} chiffres"
        mixed = "avec des majuscules, des minuscules, et des chiffres ou des caractères spéciaux"
        return f"de {self.shortest} à {self.longest} caractères, {mixed}"


class CodeForms(BaseModel):
    """What may be typed where a code is asked for, and what an own code that is chosen now must be."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    typed: CodeForm
    own: CodeForm

    def told(self, text: str) -> str:
        """A text of ours that leaves a place for what an own code must be."""
        return text.replace(PLACE, self.own.words)


_DIGITS = CodeForm(alphabet="digits", shortest=4, longest=13, pattern="^[0-9]{4,13}$")
# What identity's parameters say as they ship.
SHIPPED = CodeForms(typed=_DIGITS, own=_DIGITS)
