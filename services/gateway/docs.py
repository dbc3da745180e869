"""`/docs` and `/docs/events`: the two contracts as pages that need nothing from elsewhere."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from jinja2 import ChainableUndefined, Environment, FileSystemLoader

import contracts
from contracts.problems import NotFound

CONTRACTS = Path(contracts.__file__).parent
OPENAPI = CONTRACTS / "openapi" / "gateway.json"
ASYNCAPI = CONTRACTS / "asyncapi.json"
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "cache-control": "no-cache"}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def api_page() -> Response:
    """The public API."""
    return _page("docs.html", OPENAPI)


@router.get("/docs/events")
async def events_page() -> Response:
    """The events that other teams may subscribe to."""
    return _page("events.html", ASYNCAPI)


@router.get("/docs/openapi.json")
async def openapi() -> Response:
    """The OpenAPI document."""
    return Response(_text(OPENAPI), headers=HEADERS, media_type="application/json")


@router.get("/docs/asyncapi.json")
async def asyncapi() -> Response:
    """The AsyncAPI document."""
    return Response(_text(ASYNCAPI), headers=HEADERS, media_type="application/json")


@cache
def _text(file: Path) -> str:
    """The contract as it was shipped. Raises NotFound when it was not."""
    if not file.is_file():
        raise NotFound
    return file.read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("portal") / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=ChainableUndefined)
    environment.filters |= {"shape": shape, "named": named}
    return environment


def _page(template: str, file: Path) -> Response:
    document = json.loads(_text(file))
    return Response(
        _templates().get_template(template).render(document=document), headers=HEADERS, media_type="text/html"
    )


def named(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a part of a document says itself, or what it refers to."""
    found = document if "$ref" in part else part
    for step in part.get("$ref", "#").split("/")[1:]:
        found = found[step]
    return found


def shape(schema: Any) -> str:
    """A schema in a few words: `string (date)`, `array of PaymentLine`, `integer or null`."""
    match schema:
        case {"$ref": reference}:
            words = str(reference).rpartition("/")[2]
        case {"anyOf": alternatives} | {"oneOf": alternatives} | {"allOf": alternatives}:
            words = " or ".join(dict.fromkeys(shape(each) for each in alternatives))
        case {"enum": values}:
            words = " | ".join(json.dumps(value) for value in values)
        case {"const": value}:
            words = json.dumps(value)
        case {"type": "array"}:
            words = f"array of {shape(schema.get('items'))}"
        case {"type": kind, "format": form}:
            words = f"{kind} ({form})"
        case {"type": kind}:
            words = str(kind)
        case _:
            words = "any"
    return words
