"""`/docs` and `/docs/events`: the two contracts as pages that need nothing from elsewhere."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import ChainableUndefined, Environment, FileSystemLoader

import contracts
from contracts.problems import NotFound
from services.gateway.domain.code_forms import SHIPPED, CodeForms

CONTRACTS = Path(contracts.__file__).parent
OPENAPI = CONTRACTS / "openapi" / "gateway.json"
ASYNCAPI = CONTRACTS / "asyncapi.json"
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "cache-control": "no-cache"}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def api_page(request: Request) -> Response:
    """The public API."""
    return _page("docs.html", _public(request.app.state.code_forms.now))


@router.get("/docs/events")
async def events_page() -> Response:
    """The events that other teams may subscribe to."""
    return _page("events.html", _text(ASYNCAPI))


@router.get("/docs/openapi.json")
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(_public(request.app.state.code_forms.now), headers=HEADERS, media_type="application/json")


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


def _public(codes: CodeForms) -> str:
    """The public API as it was shipped, but for the patterns of codes, which are those in force."""
    shipped = _text(OPENAPI)
    return shipped if codes == SHIPPED else json.dumps(with_patterns(json.loads(shipped), codes), ensure_ascii=False)


def with_patterns(part: Any, codes: CodeForms) -> Any:
    """A part of a document with the patterns of these forms, where a schema says which one it takes."""
    match part:
        case {"x-access-code": "typed" | "own" as name}:
            return {**part, "pattern": getattr(codes, name).pattern}
        case dict():
            return {key: with_patterns(each, codes) for key, each in part.items()}
        case list():
            return [with_patterns(each, codes) for each in part]
        case _:
            return part


def _page(template: str, text: str) -> Response:
    document = json.loads(text)
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
