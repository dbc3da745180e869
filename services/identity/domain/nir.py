"""The social security number (numéro de sécurité sociale, NIR): its form and its key (domain 3.1)."""

import re
from dataclasses import dataclass, field

from pydantic_core import PydanticCustomError

from contracts.birth_date import BirthDate

BODY, WITH_KEY = 13, 15
LONGEST_TYPED = 40
_SEPARATORS = re.compile(r"[\s.\-]")
_BODY = re.compile(
    r"""
    (?P<sex>[1-478])
    [0-9]{2}                                        # year: its century comes from the declared birth date
    (0[1-9]|1[0-2]|2[0-9]|3[0-9]|4[0-2]|[5-9][0-9]) # month; 20 to 42 and 50 to 99: incomplete civil status
    (
        (0[1-9]|[1-8][0-9]|9[0-6]|2[AB])            # département of birth, with those of before independence
        (00[1-9]|0[1-9][0-9]|[1-8][0-9]{2}|9[0-8][0-9]|990)
      | (97|98)[0-9](0[1-9]|[1-8][0-9]|90)          # overseas
      | 99(00[1-9]|0[1-9][0-9]|[1-8][0-9]{2}|9[0-8][0-9]|990)  # abroad: country
    )
    (?!000)[0-9]{3}                                 # order
    """,
    re.VERBOSE,
)
# Corsica counts as if its départements were still those of 1976 and before.
_CORSICA = {"2A": "19", "2B": "18"}
_PROVISIONAL = "3478"
_MONTHS = range(1, 13)


@dataclass(frozen=True)
class Nir:
    """A well-formed number, without its key. Never shows itself."""

    body: str = field(repr=False)

    @property
    def provisional(self) -> bool:
        """Whether the person is still being registered (NIA or waiting number): insured, but without web account."""
        return self.body[0] in _PROVISIONAL

    def contradicts(self, born: BirthDate) -> bool:
        """Whether it says another year or month of birth: a reason to look again, never to refuse somebody.

        A provisional number says nothing certain, nor does one whose month stands for an incomplete civil status.
        """
        year, month = int(self.body[1:3]), int(self.body[3:5])
        if self.provisional or month not in _MONTHS:
            return False
        return year != born.year % 100 or born.month not in {None, month}

    @property
    def key(self) -> str:
        """The two digits that follow: 01 to 97."""
        return key(self.body)


def parse(text: str) -> Nir:
    """Read a number as people type it, with or without its key.

    Spaces, dots and hyphens are dropped, letters are put in upper case. The month and the place are only
    checked for being possible: neither says when or where a person was born. Raises ValueError, which
    quotes nothing; its type is `nir-format` or `nir-key`.
    """
    compact = normalised(text) if len(text) <= LONGEST_TYPED else ""
    if len(compact) not in {BODY, WITH_KEY} or not _BODY.fullmatch(compact[:BODY]):
        raise PydanticCustomError("nir-format", "not the form of a NIR")
    if len(compact) == WITH_KEY and compact[BODY:] != key(compact[:BODY]):
        raise PydanticCustomError("nir-key", "the key is not the one of the number")
    return Nir(compact[:BODY])


def normalised(text: str) -> str:
    """The number without separators and in upper case, well-formed or not."""
    return _SEPARATORS.sub("", text).upper()


def key(body: str) -> str:
    """97 minus the remainder of the 13 digits by 97, on two digits; letters of Corsica count as 19 and 18."""
    department = body[5:7]
    digits = body[:5] + _CORSICA.get(department, department) + body[7:]
    return f"{97 - int(digits) % 97:02}"
