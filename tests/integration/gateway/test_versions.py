"""An application that is too old, at every route; a browser and whoever says nothing are never stopped."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from services.gateway.domain.capabilities import CAPABILITIES, Capability
from services.gateway.settings import Settings
from tests.integration.gateway.world import World, world

OPEN = {"/portal", "/caisses", "/help", "/capabilities", "/accounts/prerequisites"}
OLD, NEW = {"x-app-version": "ios/2.0.3"}, {"x-app-version": "ios/2.1.0"}


@pytest.fixture(scope="module")
async def strict(mongodb_url: str) -> AsyncIterator[World]:
    """A gateway that serves recent applications only."""
    async with world(mongodb_url, app_minimum=json.dumps({"ios": "2.1.0", "android": "2.1.0"})) as made:
        yield made


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.method} {each.path}")
async def test_an_old_application_is_stopped_at_every_route_but_what_helps_it(strict: World, each: Capability) -> None:
    path = re.sub(r"\{[a-z_]+\}", "x-1", each.public_path)
    query = "?channel=app" if each.path in {"/help", "/accounts/prerequisites"} else ""
    if each.path == "/franceconnect/authorize":
        query = "?client_id=ios"
    answer = await strict.phone(**OLD).request(each.method, path + query, json={} if each.method != "GET" else None)
    if each.path in OPEN:
        assert answer.status_code == 200
    elif each.path == "/franceconnect/callback":
        assert answer.status_code == 302  # a browser's: it ends on a page
    else:
        assert answer.status_code == 426
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.headers["upgrade"], answer.headers["connection"]) == ("compte-ios/2.1.0", "upgrade")
        assert answer.headers["cache-control"] == "no-store"
        document = answer.json()
        assert document["type"] == "/problems/upgrade-required"
        assert "App Store" in document["detail"]


async def test_recent_applications_browsers_and_the_silent_are_served(strict: World) -> None:
    for client in (strict.phone(), strict.phone(**NEW), strict.phone(**{"x-app-version": "ios"}), strict.browser()):
        assert (await client.get("/api/v1/home")).status_code == 200


async def test_without_a_minimum_every_application_is_served(gateway: World) -> None:
    assert (await gateway.phone(**OLD).get("/api/v1/home")).status_code == 200


@pytest.mark.parametrize("minimum", [{"windows": "1"}, {"ios": "2.x"}, {"ios": ""}])
def test_a_minimum_that_cannot_be_meant_stops_the_start(
    strict: World, minimum: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in strict.environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().oldest_applications == {"ios": (2, 1, 0), "android": (2, 1, 0)}
    monkeypatch.setenv("GATEWAY_APP_MINIMUM", json.dumps(minimum))
    with pytest.raises(ValueError, match="app_minimum"):
        Settings()
