"""Which codes of letters, digits and signs are too easy to guess (domain 3.4).

A guesser knows words, runs of keys and what the victim's papers say, and tries them with a few characters around. So
these are taken out first, in any case and with digits for letters, and enough must be left that nobody can know.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain

LEFT = 4
SHORTEST_RUN = 3
FEWEST = 4
_WORDS = """
    abricot access admin alexandre amelie ameli amour anais anthony antoine arsenal assurance baseball batman bonjour
    bretagne camille caroline celine changeme charlie charlotte chocolat chouchou clement coucou dauphin doudou dragon
    elephant emilie football france freedom gabriel hello iloveyou isabelle jennifer jesus jetaime jordan julien
    jupiter killer kevin laurent letmein liberte login loulou maladie marie marine marseille martin master mathieu
    maxime mickael michel monkey motdepasse naruto nathalie nicolas ninja olivier orange paris pascal password passe
    patrick pauline philippe pierre pokemon poussin princess princesse qwerty romain samsung sandrine sante sebastien
    secret securite secu shadow snoopy soleil stephane starwars sunshine superman thomas toulouse trustno tigrou
    valentin vacances vanille vincent vitale welcome whatever
    """
WORDS = frozenset(_WORDS.split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz 01234567890 azertyuiop qsdfghjklm wxcvbn qwertyuiop asdfghjkl zxcvbnm "
    "&e\"'(-e_ca) !@#$%^&*() 1qaz 2wsx 3edc 1aqw 2zsx 3edc 7410 8520 9630"
)
_RUNS = frozenset(chain.from_iterable((row, row[::-1]) for row in _ROWS.split()))
_ALIKE = [str.maketrans(f"@43{one}0$579€", f"aae{letter}osstge") for one, letter in ("1i", "1l", "!i", "!l")]
_SEPARATORS = re.compile(r"[-./_]")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def mixes(text: str) -> bool:
    """Whether it has upper case, lower case, and digits or signs."""
    return any(map(str.isupper, text)) and any(map(str.islower, text)) and not text.isalpha()


def holds(text: str, parts: Collection[str]) -> bool:
    """Whether one of these parts is in it, however its letters are written, and with dots or dashes between."""
    return any(part in reading for reading in _readings(_SEPARATORS.sub("", text)) for part in parts)


def little_left(text: str, parts: Mapping[str, Collection[str]]) -> str | None:
    """What takes so much of the code that too little is left: one of the names of `parts`, `run` or `date`; or None.

    Whatever it is made of, few different characters and a block that comes again are a `run`.
    """
    plain = text.casefold()
    half = len(plain) // 2
    if len(set(plain)) <= FEWEST or any(plain[by:] == plain[:-by] for by in range(1, half + 1)):
        return "run"
    taken = {name: set(chain.from_iterable(_places(text, each))) for name, each in parts.items()}
    taken["date"] = {at for year in _YEAR.finditer(plain) for at in range(*year.span())}
    taken["run"] = set(chain.from_iterable(_runs(plain)))
    if len(text) - len(set().union(*taken.values())) >= LEFT:
        return None
    return max(taken, key=lambda name: len(taken[name]))


def _readings(text: str) -> set[str]:
    """In small letters, and with letters for the digits and signs that look like them: P@ssw0rd is password."""
    plain = text.casefold()
    return {plain, *(plain.translate(alike) for alike in _ALIKE)}


def _places(text: str, parts: Collection[str]) -> Iterator[range]:
    """Where these parts are, forwards or backwards."""
    for reading in _readings(text):
        for part in {*parts, *(each[::-1] for each in parts)}:
            at = reading.find(part)
            while at >= 0:
                yield range(at, at + len(part))
                at = reading.find(part, at + 1)


def _runs(plain: str) -> Iterator[range]:
    """Where a character is repeated, or neighbours of the alphabet or of a keyboard follow each other."""
    for start in range(len(plain) - SHORTEST_RUN + 1):
        for end in range(start + SHORTEST_RUN, len(plain) + 1):
            piece = plain[start:end]
            if len(set(piece)) > 1 and not any(piece in run for run in _RUNS):
                break
            yield range(start, end)
