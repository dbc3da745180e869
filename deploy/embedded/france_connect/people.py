"""The persons who can sign in: the demo's, and those a test adds."""

from collections.abc import Iterable, Iterator
from typing import Any

Claims = dict[str, Any]
# What each scope opens (domain 3.6).
_SCOPES = {
    "profile": ("given_name", "given_name_array", "family_name", "birthdate", "gender", "preferred_username"),
    "birth": ("birthplace", "birthcountry"),
    "identite_pivot": (
        *("given_name", "given_name_array", "family_name", "birthdate", "gender"),
        *("birthplace", "birthcountry"),
    ),
    "email": ("email",),
    "preferred_username": ("preferred_username",),
    "idp_id": ("idp_id",),
}


class People:
    """By `sub`; the later of two with the same stands."""

    def __init__(self, known: Iterable[Claims]) -> None:
        self._known = {each["sub"]: each for each in known}

    def __iter__(self) -> Iterator[Claims]:
        return iter(self._known.values())

    def find(self, sub: str) -> Claims | None:
        """The claims of this person."""
        return self._known.get(sub)

    def add(self, claims: Claims) -> None:
        """Let this person sign in from now on."""
        self._known[claims["sub"]] = claims


def opened(claims: Claims, scope: str) -> Claims:
    """What a service provider with this scope learns."""
    names = {name for each in scope.split() for name in _SCOPES.get(each, ())}
    return {name: value for name, value in claims.items() if name in names}
