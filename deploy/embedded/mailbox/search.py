"""Mailpit's search words: `to:anna subject:"mot de passe" -from:x facture`. All must hold, case does not matter."""

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Matches = Callable[[Json, str], bool]
_TERM = re.compile(r'([-!]?)(?:([a-z-]+):)?("[^"]*"|\S+)', re.IGNORECASE)
_TEXTS = {"subject": "Subject", "message-id": "MessageID"}
_PEOPLE = {"from": ("From",), "to": ("To",), "cc": ("Cc",), "bcc": ("Bcc",), "addressed": ("From", "To", "Cc", "Bcc")}


def matcher(query: str) -> Matches:
    """Whether a message (its line in the list, and its lower-case words) is one that was asked for."""
    terms = [
        (bool(negated), field.lower(), wanted.strip('"').lower()) for negated, field, wanted in _TERM.findall(query)
    ]

    def matches(line: Json, words: str) -> bool:
        return all(_holds(field, wanted, line, words) is not negated for negated, field, wanted in terms)

    return matches


def _holds(field: str, wanted: str, line: Json, words: str) -> bool:
    if field in _PEOPLE:
        return any(wanted in person for name in _PEOPLE[field] for person in _named(line[name]))
    if field in _TEXTS:
        return wanted.strip("<>") in line[_TEXTS[field]].lower()
    if field == "is":
        return bool(line["Read"]) is (wanted == "read")
    if field == "has":
        return wanted.startswith("attachment") and line["Attachments"] > 0
    return (f"{field}:{wanted}" if field else wanted) in words


def _named(people: Any) -> list[str]:
    listed = people if isinstance(people, list) else [people] if people else []
    return [f"{person['Name']} {person['Address']}".lower() for person in listed]
