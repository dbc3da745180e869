"""The table of routes and the routes are the same thing, and the pages ask nothing of anybody else."""

import json
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from chassis.app import bare_app
from chassis.routes import once
from services.gateway import docs, portal
from services.gateway.api import routers
from services.gateway.domain.capabilities import CAPABILITIES, OWN, PREFIX, Access
from services.gateway.domain.code_forms import SHIPPED
from services.identity.api import router as identity
from services.notifications.api import router as notifications
from services.payments.api import router as payments
from services.procedures.api import router as procedures
from tests.unit.gateway.fakes import with_code_forms

SCRIPTS = {f"/static/{name}.js" for name in ("api", "dom", "portal", "proof", "public", "security")}
PAGES = {*portal.ADDRESSES, *SCRIPTS, "/static/portal.css", "/static/icon.svg"}
ASSOCIATIONS = {"/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"}
DOCUMENTS = {"/docs", "/docs/events", "/docs/openapi.json", "/docs/asyncapi.json"}
SERVICES = {
    "identity": [identity],
    "payments": [payments],
    "procedures": [procedures],
    "notifications": [notifications],
}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The gateway's routes."""
    return with_code_forms(bare_app("gateway", [*routers, docs.router, portal.router]))


def test_every_route_has_an_access_rule_and_every_capability_its_route(app: FastAPI) -> None:
    routes = {(method, each.path) for each in iter_route_contexts(app.routes) for method in each.methods or ()}

    table = {(each.method, each.public_path) for each in CAPABILITIES}
    public = {("GET", path) for path in PAGES | DOCUMENTS | ASSOCIATIONS}
    assert routes == table | public


def test_what_is_forwarded_is_answered_by_its_service() -> None:
    answered = {
        (name, method.upper(), path)
        for name, found in SERVICES.items()
        for path, operations in bare_app(name, found).openapi()["paths"].items()
        for method in operations
    }
    assert {(each.service, each.method, each.upstream_path) for each in CAPABILITIES if each.service != OWN} <= answered


def insists_on_a_key(dependant: Dependant) -> bool:
    return dependant.call is once or any(insists_on_a_key(each) for each in dependant.dependencies)


def test_the_table_says_of_each_command_whether_it_takes_an_idempotency_key() -> None:
    keyed = {
        (method, each.path)
        for name, found in SERVICES.items()
        for each in iter_route_contexts(bare_app(name, found).routes)
        for method in each.methods or ()
        if insists_on_a_key(each.dependant)
    }
    assert {(each.method, each.upstream_path) for each in CAPABILITIES if each.idempotent} == keyed


def test_our_own_routes_describe_who_may_call_them_and_with_what(app: FastAPI) -> None:
    document = app.openapi()
    for each in CAPABILITIES:
        if each.service == OWN:
            operation = document["paths"][each.public_path][each.method.lower()]
            assert operation["summary"]
            assert operation["x-features"] == list(each.features)
            assert bool(operation.get("security")) is (each.access is not Access.PUBLIC)
            assert ("requestBody" in operation) is (each.method in {"POST", "PUT"} or each.path == "/me"), each.path
            parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert ("Idempotency-Key" in parameters) is each.idempotent, each.path


def test_leaving_is_described_with_and_without_a_place_to_go_on_to(app: FastAPI) -> None:
    for path in (f"{PREFIX}/sessions", f"{PREFIX}/sessions/current", f"{PREFIX}/me"):
        responses = app.openapi()["paths"][path]["delete"]["responses"]
        assert "content" not in responses["204"]
        assert responses["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/LeavingView")


async def test_the_matrix_is_the_table(app: FastAPI) -> None:
    answer = (await _get(app, f"{PREFIX}/capabilities")).json()
    assert {(each["method"], each["path"]): each["access"] for each in answer["routes"]} == {
        (each.method, each.public_path): each.access for each in CAPABILITIES
    }
    assert {each["feature"] for each in answer["features"]} == {name for each in CAPABILITIES for name in each.features}


@pytest.mark.parametrize(
    ("channel", "needed"),
    [
        ("web", ["nir", "last-name", "birth-date", "postal-code", "email"]),
        ("app", ["nir", "iban", "vitale-serial"]),
    ],
)
async def test_each_channel_names_what_to_have_at_hand_and_helps_with_each(
    app: FastAPI, channel: str, needed: list[str]
) -> None:
    answer = (await _get(app, f"{PREFIX}/accounts/prerequisites?channel={channel}")).json()
    assert (answer["channel"], [each["id"] for each in answer["items"]]) == (channel, needed)
    for each in answer["items"]:
        assert each["label"].strip()
        assert each["help"].strip(), each["id"]


@pytest.mark.parametrize("address", sorted(portal.ADDRESSES))
async def test_a_page_is_in_french_and_needs_nothing_from_elsewhere(app: FastAPI, address: str) -> None:
    answer = await _get(app, address)
    page = answer.text

    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert '<html lang="fr">' in page
    assert page.count("<h1>") == 1
    assert not re.search(r"https?://|\son[a-z]+=|style=|<script>|javascript:", page)
    for reference in re.findall(r'(?:href|src)="(/[^"]*)"', page):
        assert reference in PAGES | DOCUMENTS, reference
    assert (await _get(app, address, **{"if-none-match": answer.headers["etag"]})).status_code == 304


@pytest.mark.parametrize("address", sorted(portal.ADDRESSES))
async def test_every_field_has_a_label_and_a_place_for_its_error(app: FastAPI, address: str) -> None:
    page = (await _get(app, address)).text
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    for field in re.findall(r"<input [^>]*>", page):
        [name] = re.findall(r'\sid="([^"]+)"', field)
        assert f'<label for="{name}">' in page
        [described] = re.findall(r'aria-describedby="([^"]+)"', field)
        assert set(described.split()) <= ids
    assert {"alert", "status", "content"} <= ids


def test_forms_call_routes_that_exist() -> None:
    pages = "".join(page.body.decode() for page in portal.pages(SHIPPED).values() if page.kind == "text/html")
    called = {tuple(each.split(" ")) for each in re.findall(r'data-call="([^"]+)"', pages)}
    assert called
    assert called <= {(each.method, each.path) for each in CAPABILITIES}


async def test_contracts_are_shown_as_pages(app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"Problem": {"description": "A refusal (RFC 9457)."}}
    document = {**app.openapi(), "components": {"responses": refusal}}
    document["paths"][f"{PREFIX}/home"]["get"]["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    events = {
        "asyncapi": "3.0.0",
        "info": {"title": "Compte", "version": "1"},
        "channels": {"p": {"address": "payments.events", "messages": {"paid": {"$ref": "#/components/messages/paid"}}}},
        "components": {"messages": {"paid": {"name": "payments.ReimbursementPaid.v1", "payload": {"type": "object"}}}},
    }
    monkeypatch.setattr(docs, "OPENAPI", tmp_path / "openapi.json")
    monkeypatch.setattr(docs, "ASYNCAPI", tmp_path / "asyncapi.json")
    assert (await _get(app, "/docs")).status_code == 404
    docs.OPENAPI.write_text(json.dumps(document))
    docs.ASYNCAPI.write_text(json.dumps(events))

    api = (await _get(app, "/docs")).text
    assert all(each.public_path in api for each in CAPABILITIES if each.service == OWN)
    assert "A refusal (RFC 9457)." in api
    assert "payments.ReimbursementPaid.v1" in (await _get(app, "/docs/events")).text
    assert (await _get(app, "/docs/openapi.json")).json() == document


async def _get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://compte.exemple.invalid") as client:
        return await client.get(path, headers=headers)
