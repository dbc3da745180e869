"""The link that only our application opens: what phones are told of it, and what a browser shows instead."""

import json

import pytest

from services.gateway.domain.app_links import PATH
from tests.integration.gateway.world import World, world

IOS = "ABCDE12345.invalid.exemple.compte"
FINGERPRINT = ":".join(["0A"] * 32)
APPLE, ANDROID = "/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"


async def test_phones_are_told_which_applications_open_the_link(mongodb_url: str) -> None:
    apps = {"ios_apps": json.dumps([IOS]), "android_apps": json.dumps({"invalid.exemple.compte": [FINGERPRINT]})}
    async with world(mongodb_url, **apps) as gateway:
        apple, android = await gateway.client().get(APPLE), await gateway.client().get(ANDROID)
        for answer in (apple, android):
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert apple.json() == {"applinks": {"details": [{"appIDs": [IOS], "components": [{"/": PATH}]}]}}
        assert android.json()[0]["target"]["package_name"] == "invalid.exemple.compte"
        assert android.json()[0]["target"]["sha256_cert_fingerprints"] == [FINGERPRINT]


@pytest.mark.parametrize("path", [APPLE, ANDROID])
async def test_where_there_is_no_application_nothing_is_vouched_for(gateway: World, path: str) -> None:
    answer = await gateway.client().get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_without_the_application_the_link_shows_a_page_that_keeps_nothing_of_it(gateway: World) -> None:
    answer = await gateway.client().get(f"{PATH}?state=secret-state&code=secret-code")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")
    assert "l'application n'est pas installée" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert gateway.services.seen == []
