"""When two spellings of a family name are the same name (domain F26)."""

import unicodedata

# Letters that Unicode does not take apart, as civil status writes them in French.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"})


def folded(name: str) -> str:
    """The name without accents, case, hyphens, apostrophes and spaces; empty when nothing remains."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(each for each in plain.translate(_LETTERS) if each.isalnum())


def same(left: str, right: str) -> bool:
    """Whether two spellings name the same family; a name of which nothing remains is nobody's."""
    return folded(left) == folded(right) != ""
