"""Answers compared with what is published of them."""

from collections.abc import Iterator
from typing import Any

from services.gateway.domain.capabilities import Capability
from tests.abuse.operations import operation, resolved

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
    "array": list,
    "object": dict,
    "null": type(None),
}


def schema_of(each: Capability, status: int) -> dict[str, Any]:
    """What is published of an answer."""
    answer = operation(each)["responses"][str(status)]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


def surplus(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where a value has fields that its schema does not name, lacks one, or is of another kind."""
    schema = resolved(schema)
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        yield from min((list(surplus(value, each, at)) for each in alternatives), key=len)
    elif not isinstance(value, KINDS.get(schema.get("type", ""), object)):
        yield f"{at}: not of the type {schema['type']}"
    elif isinstance(value, dict):
        yield from _surplus_fields(value, schema, at)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from surplus(each, schema.get("items", {}), f"{at}/{number}")


def _surplus_fields(value: dict[str, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    named, others = schema.get("properties", {}), schema.get("additionalProperties")
    yield from (f"{at}/{name} is missing" for name in schema.get("required", []) if name not in value)
    for name, each in value.items():
        if name in named:
            yield from surplus(each, named[name], f"{at}/{name}")
        elif not others:
            yield f"{at}/{name} is not published"
        elif isinstance(others, dict):
            yield from surplus(each, others, f"{at}/{name}")


def names_in(value: Any) -> Iterator[str]:
    """Every field name in an answer."""
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from names_in(each)
