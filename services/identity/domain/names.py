"""When two spellings of a family name are the same name (domain F26)."""

import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})


def folded(name: str) -> str:
    """The name without accents, case, hyphens, apostrophes and spaces; empty when nothing remains."""
    plain = unicodedata.normalize("NFKD", name.translate(_LIGATURES)).casefold()
    return "".join(each for each in unicodedata.normalize("NFKD", plain) if each.isalnum())


def same(left: str, right: str) -> bool:
    """Whether two spellings name the same family; a name of which nothing remains is nobody's."""
    return folded(left) == folded(right) != ""
