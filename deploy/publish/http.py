"""The HTTP APIs as OpenAPI 3.1: one document a service, and the gateway's, composed of what it forwards."""

import json
from importlib import import_module
from typing import Any

from chassis.app import bare_app
from services.gateway.api import routers as gateway_routers
from services.gateway.api.describing import CAISSE, IDEMPOTENCY_KEY, PROOF
from services.gateway.domain.capabilities import CAPABILITIES, OWN, Access, Capability, forwarded
from services.gateway.domain.limits import Per

SERVICES = ("identity", "payments", "procedures", "notifications")
# Who reads what is sent to the gateway's own routes.
READER = "identity"
SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-access"},
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}


def _problem(description: str, **more: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    members = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "trace_id": text}
    errors = {"type": "array", "items": {"type": "object"}}
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {**members, "errors": errors, **more},
    }
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


PROBLEM = _problem("A refusal (RFC 9457).")
STANDING = {
    "RateLimit-Policy": {"description": "The limit: q uses in w seconds.", "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left of it: r uses for t seconds.", "schema": {"type": "string"}},
}
WORK = {"type": "object", "description": "At times: its solution in X-Altcha lets in at once."}
TOO_MANY = {
    **_problem(
        "Used too often; Retry-After says in how many seconds to try again.",
        proof_of_work=WORK,
    ),
    "headers": {"Retry-After": {"schema": {"type": "integer"}}, **STANDING},
}
CONTACT = {"$ref": "#/components/schemas/Contact"}
TOO_MANY_AT_A_WAY_IN = {
    **_problem("As any 429, and whom to call meanwhile.", proof_of_work=WORK, contact=CONTACT),
    "headers": TOO_MANY["headers"],
}


def openapi() -> dict[str, dict[str, Any]]:
    """Every document, by name: the services' own, and the public one as `gateway`."""
    own = {name: _with_problems(_document(name)) for name in SERVICES}
    return {**own, "gateway": _public(own)}


def _document(service: str) -> dict[str, Any]:
    return bare_app(service, [import_module(f"services.{service}.api").router]).openapi()


def _public(services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    document = _with_problems(bare_app("gateway", gateway_routers).openapi())
    document["info"] = {"title": "Compte: the public API", "version": "1"}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for each in forwarded():
        operation, used = _operation(services[each.service], each)
        document["paths"].setdefault(each.public_path, {})[each.method.lower()] = operation
        schemas |= used
    for each in CAPABILITIES:
        schemas |= _as_its_reader_says(document["paths"][each.public_path][each.method.lower()], each, services)
        operation = document["paths"][each.public_path][each.method.lower()]
        if each.limits:
            operation["responses"]["429"] = {"$ref": "#/components/responses/TooManyRequests"}
        if any(limit.by is Per.PROOF for limit in each.limits):
            operation["parameters"] = [*operation.get("parameters", []), PROOF]
        if each.contact:
            schemas |= _with_contact(operation, schemas)
    document["components"]["responses"] |= {"TooManyRequests": TOO_MANY, "TooManyAtAWayIn": TOO_MANY_AT_A_WAY_IN}
    document["components"] |= {"securitySchemes": SECURITY, "schemas": dict(sorted(schemas.items()))}
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


def _as_its_reader_says(
    operation: dict[str, Any], wanted: Capability, services: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Describe ids and body of a route of our own as the service does that reads them; the schemas this needs."""
    theirs, used = _renamed(services[READER], READER)
    read = theirs["paths"].get(wanted.path, {}).get(wanted.method.lower(), {})
    if wanted.service != OWN or "requestBody" not in operation or "requestBody" not in read:
        return {}
    operation["requestBody"]["content"] = read["requestBody"]["content"]
    if ids := [each for each in read.get("parameters", []) if each["in"] == "path"]:
        operation["parameters"] = ids
    return used


def _with_contact(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Describe the card that the gateway adds to the answers that keep somebody waiting; the schema this needs."""
    operation["parameters"] = [*operation.get("parameters", []), CAISSE]
    operation["responses"]["429"] = {"$ref": "#/components/responses/TooManyAtAWayIn"}
    if "202" not in operation["responses"]:
        return {}
    content = operation["responses"]["202"]["content"]["application/json"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    answer = schemas[name]
    if "contact" in answer["properties"]:
        return {}
    told, needed = {**answer["properties"], "contact": CONTACT}, [*answer["required"], "contact"]
    content["schema"] = {"$ref": f"#/components/schemas/{name}WithContact"}
    return {
        f"{name}WithContact": {
            **answer,
            "title": f"{answer['title']}WithContact",
            "properties": told,
            "required": needed,
        }
    }


def _operation(document: dict[str, Any], wanted: Capability) -> tuple[dict[str, Any], dict[str, Any]]:
    """A service's operation as the gateway offers it, with its schemas named after their service."""
    renamed, used = _renamed(document, wanted.service)
    operation = dict(renamed["paths"][wanted.upstream_path][wanted.method.lower()])
    if wanted.idempotent:
        others = [each for each in operation["parameters"] if each["name"].lower() != IDEMPOTENCY_KEY["name"].lower()]
        operation["parameters"] = [IDEMPOTENCY_KEY, *others]
    operation["tags"] = [wanted.service]
    operation["x-features"] = list(wanted.features)
    operation["x-channels"] = sorted(wanted.channels)
    if wanted.access is not Access.PUBLIC:
        operation["security"] = [{"session": []}, {"token": []}]
    return operation, used


def _renamed(document: dict[str, Any], service: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A service's document and its schemas, which are named after the service."""
    prefix = service.capitalize()
    text = json.dumps(document).replace("#/components/schemas/", f"#/components/schemas/{prefix}")
    renamed = json.loads(text)
    return renamed, {f"{prefix}{name}": schema for name, schema in renamed["components"]["schemas"].items()}


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI describes its own 422; ours, like every refusal, is a problem."""
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = {code: found for code, found in operation["responses"].items() if code != "422"}
            operation["responses"] = {**responses, "default": {"$ref": "#/components/responses/Problem"}}
    components = document.setdefault("components", {})
    components["responses"] = {"Problem": PROBLEM}
    for name in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(name, None)
    return document
