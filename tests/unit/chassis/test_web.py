"""What the HTTP side of every service says of its own accord."""

import pytest
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient

from chassis.app import bare_app

things = APIRouter(prefix="/things")


@things.get("/{thing_id}")
async def read(thing_id: str) -> str:
    return thing_id


@things.delete("/{thing_id}")
async def remove(thing_id: str) -> str:
    return thing_id


@things.put("/newest")
async def renew() -> str:
    return "renewed"


@pytest.mark.parametrize(("path", "allowed"), [("/things/oldest", "DELETE, GET"), ("/things/newest", "PUT")])
async def test_a_method_that_is_not_there_is_told_which_are(path: str, allowed: str) -> None:
    async with AsyncClient(transport=ASGITransport(app=bare_app("toy", [things])), base_url="http://toy") as client:
        refused = await client.request("TRACE", path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert refused.headers["content-type"] == "application/problem+json"
