"""JSON without ambiguity: what two parsers could read differently is refused."""

import json
from typing import Any

LARGEST_INTEGER = 2**53


class MalformedJson(ValueError):
    """Not JSON, or JSON with a duplicate key, NaN, an integer beyond 2^53, NUL or half a surrogate pair."""


def check(body: bytes) -> None:
    """Raises MalformedJson unless every parser would read this body in the same way."""
    try:
        text = body.decode("utf-8", errors="strict")
        json.loads(text, object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer)
        if "\\u" in text:
            _check_strings(json.loads(text))
    except (ValueError, RecursionError):
        raise MalformedJson from None
    if "\x00" in text:
        raise MalformedJson


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson
    return found


def _refuse(_: str) -> None:
    raise MalformedJson


def _integer(text: str) -> int:
    number = int(text) if len(text) < 18 else LARGEST_INTEGER + 1  # noqa: PLR2004 - longer can't be within
    if abs(number) > LARGEST_INTEGER:
        raise MalformedJson
    return number


def _check_strings(value: Any) -> None:
    match value:
        case str():
            value.encode("utf-8")
            if "\x00" in value:
                raise MalformedJson
        case list():
            for each in value:
                _check_strings(each)
        case dict():
            for name, each in value.items():
                _check_strings(name)
                _check_strings(each)
