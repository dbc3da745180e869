"""Where reimbursements are paid to (coordonnées bancaires): account, bank and holder must go together (domain 3.3).

The rules of a change of bank details, which no request asks for yet. An account that only helps to recognise somebody
is compared with the register (domain/proof.py) and needs none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from pydantic_core import PydanticCustomError
from stdnum import bic as registry
from stdnum.exceptions import ValidationError

from contracts.parameters import DatedParameters
from services.identity.domain import names
from services.identity.domain.iban import Iban
from services.identity.domain.insured import InsuredPerson

LONGEST_TYPED = 30
# Banks of these territories have a country of their own and keep accounts with a French IBAN.
FRENCH_ACCOUNTS = frozenset(["FR", "GF", "GP", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"])
SAVINGS = "account.savings-refused"


@dataclass(frozen=True)
class Bic:
    """A bank, by its ISO 9362 code of 8 or 11 characters."""

    code: str

    @property
    def country(self) -> str:
        """Where it is."""
        return self.code[4:6]


@dataclass(frozen=True)
class BankAccount:
    """What a person gives to be paid on; `savings` is what their bank says of it, if anything. Never shows itself."""

    iban: Iban
    bic: Bic | None
    holder: str = field(repr=False)
    savings: bool = False

    @property
    def masked(self) -> str:
        """Enough for its holder to recognise it: •••• 0115."""
        return f"•••• {self.iban.number[-4:]}"


def parse_bic(text: str) -> Bic:
    """Read a BIC as people type it. Raises ValueError, which quotes nothing; its type is `bic-format`."""
    typed = text if len(text) <= LONGEST_TYPED and text.isascii() else ""
    try:
        return Bic(registry.validate(typed))
    except ValidationError:
        raise PydanticCustomError("bic-format", "not a BIC") from None


def check(account: BankAccount, persons: Iterable[InsuredPerson], rules: DatedParameters, today: date) -> None:
    """Whether these persons, the insured one and who represents them by law, may be paid there.

    Raises ValueError, which quotes nothing; its type is `bic-of-another-country`, `holder-is-another` or
    `savings-account`.
    """
    if account.bic and not _same_country(account.bic.country, account.iban.number[:2]):
        raise PydanticCustomError("bic-of-another-country", "bank and account are of two countries")
    if not any(_holds(account.holder, person) for person in persons):
        raise PydanticCustomError("holder-is-another", "the account is somebody else's")
    if account.savings and rules.row(SAVINGS, today).value:
        raise PydanticCustomError("savings-account", "a savings account takes no reimbursements")


def _same_country(bank: str, account: str) -> bool:
    return bank == account or (account == "FR" and bank in FRENCH_ACCOUNTS)


def _holds(holder: str, person: InsuredPerson) -> bool:
    """Banks write titles, both spouses, first and last names in any order, and the one or the other last name."""
    words = holder.replace("-", " ").split()
    written = {names.folded("".join(words[first:last])) for first, last in combinations(range(len(words) + 1), 2)}
    last_names = {names.folded(person.birth_last_name), names.folded(person.usage_last_name or person.birth_last_name)}
    return names.folded(person.first_name) in written and not written.isdisjoint(last_names)
