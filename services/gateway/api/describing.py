"""How our own routes describe themselves where FastAPI cannot see it: they read raw requests, to pass them on."""

from typing import Any

from pydantic import BaseModel

from services.gateway.domain.capabilities import Access, Capability

SESSION: list[dict[str, list[str]]] = [{"session": []}, {"token": []}]
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 8, "maxLength": 64, "pattern": r"^[A-Za-z0-9_.:\-]+$"},
    "description": "Sent again with the same key, a command is answered as the first time and done once.",
}
CAISSE: dict[str, Any] = {
    "name": "caisse",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Whose contact card to answer with: 29, 2A. Without one that exists, that of the cookie `caisse`, "
    "else of the postal code that was typed, else the one that serves everybody.",
}
LONGEST_PROOF = 2000
PROOF: dict[str, Any] = {
    "name": "X-Altcha",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_PROOF},
    "description": "The solution of the `proof_of_work` of a 429, in base64: the same request with it is let in, once, "
    "although too many came from this network (ALTCHA, PoW v2; 5 minutes).",
}


def described(
    wanted: Capability,
    *,
    body: type[BaseModel] | None = None,
    body_required: bool = True,
    parameter: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What OpenAPI says of a route beside its answer: who may call it, for which features, with which body."""
    parameters = [*([IDEMPOTENCY_KEY] if wanted.idempotent else []), *([parameter] if parameter else [])]
    extra: dict[str, Any] = {"x-features": list(wanted.features), "x-channels": sorted(wanted.channels)}
    if wanted.access is not Access.PUBLIC:
        extra["security"] = SESSION
    if parameters:
        extra["parameters"] = parameters
    if body is not None:
        content = {"application/json": {"schema": body.model_json_schema()}}
        extra["requestBody"] = {"required": body_required, "content": content}
    return extra
