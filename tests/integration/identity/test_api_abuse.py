"""Identity over HTTP: what it refuses, and that a refusal quotes nothing (reliability A10)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import clock
from tests.integration.identity.device import FORM, Client


async def test_every_route_needs_an_internal_token(client: Client) -> None:
    for path, methods in client.app.openapi()["paths"].items():
        for method in methods:
            answer = await client.http.request(method, path.replace("{session_id}", str(uuid4())))
            assert answer.status_code in ({401} if not path.startswith(("/health", "/metrics")) else {200, 503}), path


MALFORMED: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"nir": {"$ne": null}, "code": {"$gt": ""}, "client_id": "web"}',
    b'{"nir": ["2850329990901"], "code": "7294", "client_id": "web"}',
    b'{"nir": "2850329990901", "code": 7294, "client_id": "web"}',
    b'{"nir": "2850329990901", "code": "7294", "client_id": "web", "nir": "2850329990902"}',
    b'{"nir": "2850329990901", "code": "7294", "client_id": "web", "$where": "1"}',
    b'{"nir": "2850329990901", "code": "7294", "client_id": "web", "a.b": 1}',
    b'{"nir": "2850329990901\\u0000", "code": "7294", "client_id": "web"}',
    b'{"nir": "\\ud800", "code": "7294", "client_id": "web"}',
    b'{"nir": NaN, "code": "7294", "client_id": "web"}',
    b'{"nir": 9223372036854775808, "code": "7294", "client_id": "web"}',
    '{"nir": "２８５０３２９９９０９０１", "code": "7294", "client_id": "web"}'.encode(),
    '{"nir": "2850329990901", "code": "７２９４", "client_id": "web"}'.encode(),
    b'{"nir": "2850329990901", "code": "123", "client_id": "web"}',
    b'{"nir": "2850329990901", "code": "12345678901234", "client_id": "web"}',
    b'{"nir": "2850329990901", "code": "7294", "client_id": "kiosk"}',
    b'{"nir": "285032999090196", "code": "7294", "client_id": "web"}',
    b'{"nir": "2850329990901", "code": null, "client_id": "web"}',
    b"[" * 5000 + b"]" * 5000,
    b"\xff\xfe",
]


@pytest.mark.parametrize(
    "path", ["/sessions", "/accounts", "/code-resets", "/sessions/refresh", f"/sessions/challenges/{'x' * 43}"]
)
async def test_malformed_bodies_get_a_4xx_problem_and_store_nothing(client: Client, path: str) -> None:
    for body in MALFORMED:
        answer = await client.call("POST", path, body)
        assert 400 <= answer.status_code < 500, body
        assert answer.headers["content-type"] == "application/problem+json"
        assert "7294" not in answer.text.replace(answer.json().get("trace_id", "-"), "")
    database = client.app.state.service.database
    for name in ("attempts", "accounts", "challenges", "outbox", "answers"):
        assert await database[name].count({}) == 0


async def test_every_wrong_field_is_listed_at_once_and_none_is_quoted(client: Client) -> None:
    answer = await client.call("POST", "/accounts", {"nir": "canary-1", "email": "canary-2", "birth_date": "canary-3"})
    assert answer.status_code == 422
    wrong = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert wrong == {
        "/nir": "nir-format",
        "/last_name": "missing",
        "/birth_date": "birth-date",
        "/postal_code": "missing",
        "/email": "email-format",
    }
    assert "canary" not in answer.text


@pytest.mark.parametrize(
    "value",
    [
        *("2026-13-01", "1985-3-14", "14/03/1985", "1985-03-14T00:00:00", "1985-W11-4", "1985-02-30", "1985-00-14"),
        *("１９８５-03-14", "0000-00-00", "1985-03-14 ", 482371200, {"$ne": None}),
    ],
)
@pytest.mark.parametrize(("path", "form"), [("/accounts", FORM), ("/code-resets", {"nir": FORM["nir"]})])
async def test_a_birth_date_is_a_civil_date_with_zeros_for_what_is_unknown(
    client: Client, path: str, form: dict[str, str], value: object
) -> None:
    answer = await client.call("POST", path, {**form, "birth_date": value})
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/birth_date"
    if isinstance(value, str) and len(value) <= 10:
        assert "écrivez" in error["message"].lower()
        assert "00/00/1955" in error["message"]


@pytest.mark.parametrize("after", ["%Y-%m-%d", "%Y-%m-00", "%Y-00-00"])
async def test_nobody_is_born_tomorrow(client: Client, after: str) -> None:
    form = f"{clock.today() + timedelta(days=366):{after}}"
    answer = await client.call("POST", "/accounts", {**FORM, "birth_date": form})
    assert [error["code"] for error in answer.json()["errors"]] == ["birth-date-future"]
    today = await client.call("POST", "/accounts", {**FORM, "birth_date": f"{clock.today():{after}}"})
    assert today.status_code == 202


async def test_a_code_change_needs_a_session(client: Client) -> None:
    assert (await client.call("PUT", "/me/code", {"new_code": "7294"})).status_code == 401
    assert (await client.call("GET", "/me")).status_code == 401
    assert (await client.call("DELETE", "/sessions/not-an-id")).status_code == 401
