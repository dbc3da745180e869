"""Access codes (code d'accès): what they are made of, and which own codes are too easy to guess (domain 3.4)."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic_core import PydanticCustomError

from contracts.birth_date import BirthDate
from contracts.problems import Problem, Text
from contracts.sealed import Sealed
from services.identity.domain import mixed_codes, names
from services.identity.domain.code_forms import DIGITS, Alphabet, CodeForm, form_of_own
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.parameters import Parameters

_BETWEEN_NAMES = re.compile(r"[\s\-'’]+")
# Parts of a person's papers that are so long are in no code; shorter ones may come by chance, and count for nothing.
TELLING = {"name": 4, "birth": 6, "nir": 6, "postal": 5}


@dataclass(frozen=True)
class AccessCode:
    """A code as somebody typed it. Never shows itself."""

    text: str = field(repr=False)

    @property
    def digit_count(self) -> int:
        """How many digits it has; 0 where it is not of digits alone, as provisional and second codes always are."""
        return len(self.text) if self.text.isdigit() else 0


@dataclass(frozen=True)
class IssuedCode:
    """A provisional code that was drawn: its hash for us, itself only for whoever mails it."""

    hash: str = field(repr=False)
    sealed: Sealed = field(repr=False)


def parse(text: str) -> AccessCode:
    """Read a code: 4 to 13 ASCII digits. Raises ValueError, which quotes nothing."""
    if not DIGITS.has(text):
        raise PydanticCustomError("code-format", "not 4 to 13 digits")
    return AccessCode(text)


def parse_typed(text: str, form: CodeForm) -> AccessCode:
    """Read a code as it may be typed where those of this form are read. Raises ValueError, which quotes nothing."""
    if form.alphabet is Alphabet.DIGITS:
        return parse(text)
    if not form.has(text) or (text.isdigit() and not DIGITS.has(text)):
        raise PydanticCustomError("code-format", "no code looks so")
    return AccessCode(text)


class CodeRefused(Problem):
    """The form of the code change needs correction; as any invalid input, it lists the field and quotes nothing."""

    status = 422
    title = Text("Certains champs sont à corriger", "Some fields need correction")

    def __init__(self, pointer: str, code: str, message: Text) -> None:
        super().__init__(Text("Corrigez les champs indiqués, puis recommencez.", "Correct the fields, then try again."))
        self.wrong = pointer, code, message

    def document(self, language: str) -> dict[str, Any]:
        """The body, with the message in the reader's language."""
        pointer, code, message = self.wrong
        errors = [{"pointer": pointer, "code": code, "message": message.in_language(language)}]
        return {**super().document(language), "errors": errors}


class WeakCode(CodeRefused):
    """A thief tries the codes first that people like most, and those that the victim's papers tell."""

    def __init__(self, why: Text) -> None:
        super().__init__("/new_code", "weak-code", why)


REASONS: Mapping[str, Text] = {
    "short": Text("Ce code est trop court.", "This code is too short."),
    "long": Text("Ce code est trop long.", "This code is too long."),
    "digits": Text("Ce code ne doit avoir que des chiffres.", "This code must have digits only."),
    "mix": Text(
        "Mêlez des majuscules, des minuscules, et des chiffres ou des caractères spéciaux.",
        "Mix upper case, lower case, and digits or special characters.",
    ),
    "name": Text("Évitez votre nom et votre prénom.", "Avoid your names."),
    "word": Text("Évitez les mots et les codes les plus utilisés.", "Avoid the most used words and codes."),
    "run": Text("Évitez les suites et les répétitions.", "Avoid sequences and repetitions."),
    "pattern": Text("Évitez les suites et les répétitions de chiffres.", "Avoid sequences and repetitions of digits."),
    "path": Text(
        "Évitez les touches qui se suivent sur le clavier.", "Avoid keys that follow each other on the keypad."
    ),
    "common": Text("Ce code est l'un des plus utilisés.", "This code is one of the most used."),
    "date": Text("Évitez les dates et les années.", "Avoid dates and years."),
    "birth": Text("Évitez votre date de naissance.", "Avoid your birth date."),
    "nir": Text(
        "Évitez les chiffres de votre numéro de sécurité sociale.", "Avoid digits of your social security number."
    ),
    "postal": Text("Évitez votre code postal.", "Avoid your postal code."),
}

# Codes that are common and no date, path or pattern of the rules below: corners of a keypad, known numbers.
_COMMON = """
    0007 0070 0258 0852 1004 1345 1379 1397 1470 1478 1479 1590 1593 1793 1937 2580 2584 3141 3690 3971 4200 4563
    5683 7139 7410 7531 7913 7931 8520 8524 9371 9510 9630
    12369 14789 25800 32587 36987 74123 78963 96321 98741
    102030 123654 123789 142536 147258 147369 147852 159263 159357 159753 246810 258456 258852 314159 321654 357159
    357951 369258 456123 456789 456852 475869 654789 741258 741852 753159 753951 789456 852456 951753 963852 963258
    987321 147258369 14725836 159357456 123654789 147852369 258369147 369258147 741852963 789456123 963852741 951753852
    10203040 1020304050 12365478 15935728 31415926 27182818 98765421
    """
COMMON = frozenset(_COMMON.split())
_KEYS = {key: (row, column) for row, keys in enumerate(("123", "456", "789", " 0 ")) for column, key in enumerate(keys)}


def check_strength(code: AccessCode, person: InsuredPerson, rules: Parameters, now: datetime) -> None:
    """Raises WeakCode, saying why, for a code that a stranger or a thief of papers would try early.

    The rules of the form in force decide. Those of digits refuse the same for everybody, among them over 3,000 codes
    of four digits (reliability A2), and beyond those what this person's papers tell; those of mixed codes also words.
    """
    form = form_of_own(rules, now)
    find = _weakness_of_digits if form.alphabet is Alphabet.DIGITS else _weakness_of_mixed
    if reason := find(code.text, form, person):
        raise WeakCode(REASONS[reason])


def _weakness_of_digits(digits: str, form: CodeForm, person: InsuredPerson) -> str | None:
    if not digits.isdigit():
        return "digits"
    weak = {
        "short": len(digits) < form.shortest,
        "long": len(digits) > form.longest,
        "pattern": _is_pattern(digits),
        "path": _is_path(digits),
        "common": digits in COMMON,
        "birth": any(_resembles(digits, each) for each in _birth_dates(person.birth_date)),
        "nir": _is_of_nir(digits, person.nir.body + person.nir.key),
        "postal": _resembles(digits, person.postal_code),
        "date": _is_date(digits),
    }
    return next((reason for reason, holds in weak.items() if holds), None)


def _weakness_of_mixed(text: str, form: CodeForm, person: InsuredPerson) -> str | None:
    told = _papers(person)
    weak = {
        "short": len(text) < form.shortest,
        "long": len(text) > form.longest,
        "mix": not mixed_codes.mixes(text),
        **{
            name: mixed_codes.holds(text, [each for each in told[name] if len(each) >= least])
            for name, least in TELLING.items()
        },
    }
    liked = {"word": [*mixed_codes.WORDS, *COMMON], "name": told["name"], "birth": told["birth"]}
    return next((reason for reason, holds in weak.items() if holds), None) or mixed_codes.little_left(text, liked)


def _papers(person: InsuredPerson) -> Mapping[str, Collection[str]]:
    """What a thief of this person's papers reads, as it would be typed."""
    number = (person.nir.body + person.nir.key).casefold()
    called = (person.first_name, person.birth_last_name, person.usage_last_name or "")
    words = {names.folded(each) for name in called for each in (name, *_BETWEEN_NAMES.split(name))}
    return {
        "name": [each for each in words if len(each) > 2],  # noqa: PLR2004 - two letters are in every word
        "birth": list(_birth_dates(person.birth_date)),
        "nir": [number[at : at + 6] for at in range(len(number) - 5)],
        "postal": [person.postal_code],
    }


def _is_pattern(digits: str) -> bool:
    """Few digits, a repeated block, a sequence, or two halves of six or more digits that are such."""
    half = len(digits) // 2
    halves = digits[:half], digits[half:]
    return (
        len(set(digits)) <= 2  # noqa: PLR2004 - one or two different digits
        or _repeats(digits)
        or _is_sequence(digits)
        or (half >= 3 and all(_is_sequence(part) or len(set(part)) == 1 for part in halves))  # noqa: PLR2004
    )


def _repeats(digits: str) -> bool:
    """A block that fills at least half, over and over: 1212, 123123, 12121."""
    return any(digits[period:] == digits[:-period] for period in range(1, len(digits) // 2 + 1))


def _is_sequence(digits: str) -> bool:
    """Equal steps, going round from 9 to 0; each digit may be doubled or tripled: 2468, 8901, 112233."""
    for width in range(1, len(digits) // 2 + 1):
        runs = [digits[at : at + width] for at in range(0, len(digits), width)]
        if all(run == run[0] * width for run in runs):
            steps = {(int(after[0]) - int(before[0])) % 10 for before, after in pairwise(runs)}
            if len(steps) == 1:
                return True
    return False


def _is_path(digits: str) -> bool:
    """A finger that moves over the keypad from each key to the same or one beside it: 1478, 2580, 1236."""
    for before, after in pairwise(digits):
        (row, column), (next_row, next_column) = _KEYS[before], _KEYS[after]
        if max(abs(row - next_row), abs(column - next_column)) > 1:
            return False
    return True


def _resembles(digits: str, known: str) -> bool:
    """The known number itself, or with one or two digits added at an end or both."""
    return known in digits and len(digits) - len(known) <= 2  # noqa: PLR2004 - two digits are found in no time


def _birth_dates(born: BirthDate) -> Iterator[str]:
    """The ways in which people write their birth date with digits alone, an unknown part as zeros."""
    year, month, day = str(born).split("-")
    for years in (year, year[2:]):
        yield from (day + month + years, month + day + years, years + month + day)
        yield from (month + years, years + month, f"{int(day)}{int(month)}{years}")
    yield from (day + month, month + day, year)


def _is_of_nir(digits: str, number: str) -> bool:
    """A piece of the number and its key, or a code that holds six of its digits in a row."""
    six = (digits[at : at + 6] for at in range(len(digits) - 5))
    return digits in number or any(part in number for part in six)


def _is_date(digits: str) -> bool:
    """A year of living people, a day of the year, or a whole date: what most choose after patterns."""
    match len(digits):
        case 4:
            return "1900" <= digits <= "2099" or _is_day(digits[:2], digits[2:]) or _is_day(digits[2:], digits[:2])
        case 6:
            return _is_day(digits[:2], digits[2:4]) or _is_day(digits[4:], digits[2:4])
        case 8:
            years = "1900", "2099"
            ends = years[0] <= digits[4:] <= years[1] and _is_day(digits[:2], digits[2:4])
            return ends or (years[0] <= digits[:4] <= years[1] and _is_day(digits[6:], digits[4:6]))
        case _:
            return False


def _is_day(day: str, month: str) -> bool:
    return "01" <= day <= "31" and "01" <= month <= "12"
