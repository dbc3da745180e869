"""Bank accounts: which IBAN is well-formed, and can be paid to (domain 3.3)."""

import re
from dataclasses import dataclass, field

from pydantic_core import PydanticCustomError
from stdnum import iban as registry
from stdnum.exceptions import ValidationError

LONGEST_TYPED = 60
_SEPARATORS = re.compile(r"[\s.\-]")
_FORM = re.compile(r"[A-Z]{2}(0[2-9]|[1-8][0-9]|9[0-8])[A-Z0-9]{11,30}")
# Countries whose accounts can be paid to in SEPA (European Payments Council, EPC409-09, as of 2026).
SEPA = frozenset(
    [
        "AD",
        "AL",
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GI",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MC",
        "MD",
        "ME",
        "MK",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "RS",
        "SE",
        "SI",
        "SK",
        "SM",
        "VA",
    ]
)
# Monaco's banks number their accounts as French ones do.
_WITH_RIB_KEY = {"FR", "MC"}
_RIB_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


@dataclass(frozen=True)
class Iban:
    """A well-formed account number of the SEPA zone. Never shows itself."""

    number: str = field(repr=False)


def parse(text: str) -> Iban:
    """Read an IBAN as people type it: spaces and case do not matter.

    Checks the length and structure of its country, its own key (98 to 02) and, in a French one, the key of the
    RIB. Raises ValueError, which quotes nothing; its type is `iban-format` or `iban-outside-sepa`.
    """
    compact = _SEPARATORS.sub("", text) if len(text) <= LONGEST_TYPED else ""
    number = compact.upper() if compact.isascii() else ""
    if not _FORM.fullmatch(number) or not _in_its_country(number):
        raise PydanticCustomError("iban-format", "not an IBAN")
    if number[:2] not in SEPA:
        raise PydanticCustomError("iban-outside-sepa", "not an IBAN of the SEPA zone")
    return Iban(number)


def _in_its_country(number: str) -> bool:
    try:
        registry.validate(number)
    except ValidationError:
        return False
    return number[:2] not in _WITH_RIB_KEY or number[-2:] == rib_key(number[4:-2])


def rib_key(account: str) -> str:
    """The key of a French account: 97 less (89 bank + 15 branch + 3 account) modulo 97, letters being digits."""
    digits = account.translate(_RIB_LETTERS)
    bank, branch, number = int(digits[:5]), int(digits[5:10]), int(digits[10:])
    return f"{97 - (89 * bank + 15 * branch + 3 * number) % 97:02}"
