"""The gateway learns from identity what access codes are made of."""

import re

import pytest

from services.gateway import upstream
from tests.integration.gateway.world import World

MIXED = {"alphabet": "mixed", "shortest": 8, "longest": 64, "pattern": "^[!-~]{8,64}$"}
ANY = {**MIXED, "shortest": 4, "pattern": "^[!-~]{4,64}$"}


async def field_for_the_code(gateway: World) -> str:
    """The field of the page on which people log in."""
    async with gateway.client() as visitor:
        [found] = re.findall(r'<input id="code"[^>]*>', (await visitor.get("/connexion")).text)
    return str(found)


async def test_the_gateway_asks_identity_in_nobodys_name_what_codes_are_made_of(
    gateway: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "FORMS_KEPT", 0)
    assert 'maxlength="13" inputmode="numeric"' in await field_for_the_code(gateway)
    gateway.services.will_answer("GET", "/code-forms", {"typed": ANY, "own": MIXED, "later": 1})
    await gateway.main["code_forms"].follow(None)
    async with gateway.client() as visitor:
        assert (await visitor.get("/api/v1/capabilities")).json()["codes"] == {"typed": ANY, "own": MIXED}
    field = await field_for_the_code(gateway)
    assert 'maxlength="64"' in field
    assert "inputmode" not in field
    [asked] = gateway.services.seen
    assert (asked.service, asked.path) == ("identity", "/code-forms")
    assert "sub" not in asked.claims


async def test_an_answer_that_says_nothing_of_codes_changes_nothing(
    gateway: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "FORMS_MISSED", 0)
    before = gateway.main["code_forms"].now
    for status in (200, 503):
        gateway.services.will_answer("GET", "/code-forms", {"typed": ANY}, status=status)
        await gateway.main["code_forms"].follow(None)
        assert gateway.main["code_forms"].now == before
