"""A10: whatever is wrong with a request, the answer is a problem that says so and quotes nothing."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.demo.people import somebody_new
from tests.world import World

SECRET = "193059999999942"
GOOD = {
    "nir": "285032999090195",
    "last_name": "EXEMPLE",
    "birth_date": "1985-03-14",
    "postal_code": "29200",
    "email": "lucie@exemple.invalid",
}
UNREADABLE = {
    "not JSON": b"{",
    "not UTF-8": b'{"nir": "\xff"}',
    "NaN": b'{"nir": NaN}',
    "half a surrogate pair": b'{"nir": "\\ud800"}',
    "NUL": b'{"nir": "\\u0000"}',
    "duplicate key": b'{"nir": "1", "nir": "2"}',
    "beyond 2^53": b'{"nir": 9223372036854775808}',
    "very deep": b"[" * 30_000,
}
WRONG_VALUES: Iterable[Any] = (
    {"$ne": None},
    {"$where": "1"},
    ["285032999090195"],
    None,
    True,
    285032999090195,
    "",
    "２８５０３２９９９０９０１９５",
    "2850329990901959999999",
    "2" * 10_000,
)


class Raw:
    """Bytes to the gateway, and what it answers."""

    def __init__(self, world: World, http: aiohttp.ClientSession) -> None:
        self._url = f"{world.stack.gateway}/api/v1"
        self._http = http

    async def post(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, dict[str, Any], str]:
        headers = {"Content-Type": kind, "Idempotency-Key": str(uuid4())}
        async with self._http.post(f"{self._url}{path}", data=body, headers=headers) as response:
            text = await response.text()
            assert response.content_type == "application/problem+json", (path, response.status)
            return response.status, json.loads(text), text


@pytest.fixture(scope="module")
async def raw(world: World) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as http:
        yield Raw(world, http)


@pytest.mark.parametrize("path", ["/accounts", "/sessions", "/code-resets"])
@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_two_parsers_could_read_differently_is_a_400(raw: Raw, path: str, name: str) -> None:
    status, problem, _ = await raw.post(path, UNREADABLE[name])
    assert (status, problem["status"]) == (400, 400)
    assert problem["type"].startswith("/problems/")
    assert problem["trace_id"]


async def test_another_format_is_a_415_and_a_large_body_a_413(raw: Raw) -> None:
    assert (await raw.post("/accounts", b"nir[$ne]=1", "application/x-www-form-urlencoded"))[0] == 415
    assert (await raw.post("/accounts", b'"' + b"x" * 70_000 + b'"'))[0] == 413


@pytest.mark.parametrize("field", GOOD)
async def test_a_wrong_value_of_any_field_is_a_422_that_names_it_and_never_quotes_it(raw: Raw, field: str) -> None:
    for value in WRONG_VALUES:
        if field == "last_name" and isinstance(value, str) and 0 < len(value) < 100:
            continue  # whatever is short and written may be a name
        status, problem, text = await raw.post("/accounts", json.dumps({**GOOD, field: value}).encode())
        assert status == 422, (field, type(value))
        assert {error["pointer"].split("/")[1] for error in problem["errors"]} == {field}
        assert str(value) not in text or len(str(value)) < 5


async def test_two_wrong_fields_are_two_entries_and_missing_ones_are_all_listed(raw: Raw) -> None:
    two = json.dumps({**GOOD, "nir": SECRET + "x", "postal_code": "292OO"}).encode()
    status, problem, text = await raw.post("/accounts", two)
    assert status == 422
    assert sorted(error["pointer"] for error in problem["errors"]) == ["/nir", "/postal_code"]
    assert SECRET not in text
    _, problem, _ = await raw.post("/accounts", b"{}")
    assert sorted(error["pointer"] for error in problem["errors"]) == sorted(f"/{name}" for name in GOOD)


@pytest.mark.parametrize("extra", ["role", "verified", "account_id", "person_id", "a.b", "$set", "__proto__"])
async def test_a_field_that_nobody_asked_for_is_refused(raw: Raw, extra: str) -> None:
    status, problem, _ = await raw.post("/accounts", json.dumps({**GOOD, extra: True}).encode())
    assert status == 422
    assert [error["code"] for error in problem["errors"]] == ["extra_forbidden"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/home"), ("GET", "/payments/%00")])
async def test_a_wrong_address_or_method_is_a_problem_too(world: World, method: str, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, f"{world.stack.gateway}/api/v1{path}") as answer:
        assert 400 <= answer.status < 500
        assert answer.content_type == "application/problem+json"


async def test_malformed_input_behind_a_log_in_is_a_4xx_as_well(world: World) -> None:
    person = somebody_new()
    async with world.insured(person, app=True) as insured:
        journey = world.journey(person, insured)
        for step in (journey.create, journey.first_log_in, journey.choose_code, journey.log_in):
            await step()
        for body in ({}, {"kind": "spaceship"}, {"kind": {"$ne": 1}}, {"kind": "vitale-card-order", "state": "closed"}):
            assert (await insured.call("POST", "/requests", body)).status == 422
        for path in ("/payments?cursor=%FF", "/payments?from=yesterday", "/requests/not-a-uuid", "/payments/1'or'1"):
            assert 400 <= (await insured.call("GET", path)).status < 500, path
