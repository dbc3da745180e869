"""Nobody is left alone at a way in: answers that keep one waiting say whom to call, one's own caisse if they can."""

from typing import Any

import pytest
from aiohttp import web

from services.gateway.api.portal_info import DIRECTORY
from services.gateway.domain.capabilities import PREFIX
from tests.integration.gateway.stub import SESSION
from tests.integration.gateway.test_limits import limited
from tests.integration.gateway.test_sessions import LOG_IN
from tests.integration.gateway.world import World

ACCOUNTS, RESETS, SESSIONS = "/accounts", "/code-resets", "/sessions"
CHALLENGE = "/sessions/challenges/c-1"
NEUTRAL = {"message": "Un e-mail part.", "spam_hint": "Voyez les spams."}
FORM = {"nir": "896069935190689", "last_name": "PROVISOIRE", "postal_code": "75011", "email": "nadia@exemple.invalid"}
CARD_FORM = {"nir": "896069935190689", "iban": "FR59", "vitale_serial": "9000000006", "email": "nadia@exemple.invalid"}
RESET = {"nir": "896069935190689", "birth_date": "1996-06-18"}
BLOCKED = {"type": "/problems/too-many-attempts", "title": "Trop d'essais", "status": 429}


def card(code: str | None) -> dict[str, Any]:
    """The contact card of a caisse, or the one that serves everybody."""
    return DIRECTORY.contact(code).model_dump()


@pytest.mark.parametrize(
    ("path", "sent", "kept", "code"),
    [
        (ACCOUNTS, FORM, "", "75"),
        (ACCOUNTS, FORM, "29", "29"),
        (f"{ACCOUNTS}?caisse=31", FORM, "29", "31"),
        (f"{ACCOUNTS}?caisse=99", FORM, "", "75"),
        (ACCOUNTS, {**FORM, "postal_code": "97400"}, "", None),
        (ACCOUNTS, {**FORM, "postal_code": ["75011"]}, "", None),
        (ACCOUNTS, CARD_FORM, "", None),
        (f"{ACCOUNTS}?caisse=75", CARD_FORM, "", "75"),
        (RESETS, RESET, "", None),
        (f"{RESETS}?caisse=2a", RESET, "", "2A"),
        (RESETS, RESET, "2B", "2B"),
        (SESSIONS, LOG_IN, "%32%39", "29"),
        (f"{SESSIONS}?caisse=%00&caisse=29", LOG_IN, "69", "29"),
        (SESSIONS, LOG_IN, "x" * 3000, None),
    ],
)
async def test_whoever_waits_is_told_whom_to_call(
    gateway: World, path: str, sent: dict[str, Any], kept: str, code: str | None
) -> None:
    browser = gateway.browser("")
    browser.cookies.set("caisse", kept)
    gateway.services.will_answer("POST", path.partition("?")[0], NEUTRAL, status=202)
    answer = await browser.post(f"{PREFIX}{path}", json=sent)
    assert (answer.status_code, answer.json()) == (202, {**NEUTRAL, "contact": card(code)})


async def test_the_card_follows_from_the_request_alone(gateway: World) -> None:
    """So the answers about an account and about nobody are the same bytes, as identity's own are (A3)."""
    answers = set()
    for nir in ("285032999090195", "282029504619915", "896069935190689"):
        gateway.services.will_answer("POST", ACCOUNTS, NEUTRAL, status=202)
        answers.add((await gateway.client().post(f"{PREFIX}{ACCOUNTS}", json={**FORM, "nir": nir})).content)
    assert len(answers) == 1


@pytest.mark.parametrize(("path", "sent"), [(SESSIONS, LOG_IN), (CHALLENGE, {"code": "000000", "client_id": "web"})])
async def test_whoever_tried_too_often_is_told_how_long_and_whom_to_call(
    gateway: World, path: str, sent: dict[str, Any]
) -> None:
    gateway.services.answers["POST", path] = web.json_response(
        BLOCKED, status=429, headers={"retry-after": "900"}, content_type="application/problem+json"
    )
    answer = await gateway.browser("").post(f"{PREFIX}{path}?caisse=29", json=sent)
    assert (answer.status_code, answer.json()) == (429, {**BLOCKED, "contact": card("29")})
    assert answer.headers["retry-after"] == "900"
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(("path", "sent"), [(ACCOUNTS, FORM), (RESETS, RESET), (SESSIONS, LOG_IN)])
async def test_a_network_that_asked_too_often_is_told_whom_to_call_as_well(
    mongodb_url: str, path: str, sent: dict[str, Any]
) -> None:
    async with limited(mongodb_url, {f"POST {path}": {"network": "1/300"}}) as gateway:
        client = gateway.client()
        await client.post(f"{PREFIX}{path}", json=sent)
        refused = await client.post(f"{PREFIX}{path}", json=sent)
        assert refused.status_code == 429
        assert refused.json()["contact"] == card("75" if path == ACCOUNTS else None)
        assert "proof_of_work" in refused.json()


async def test_no_other_answer_is_touched(gateway: World) -> None:
    for path, sent in ((ACCOUNTS, FORM), (SESSIONS, {**LOG_IN, "client_id": "ios"})):
        gateway.services.answers["POST", path] = web.Response(body=b'{ "status" : 422 }', status=422)
        assert (await gateway.client().post(f"{PREFIX}{path}", json=sent)).content == b'{ "status" : 422 }'
    gateway.services.answers["POST", ACCOUNTS] = web.Response(body=b"[]", status=202)
    assert (await gateway.client().post(f"{PREFIX}{ACCOUNTS}", json=FORM)).content == b"[]"
    gateway.services.will_answer("DELETE", f"/sessions/{SESSION}", {"a": 1}, status=202)
    assert (await gateway.phone().delete(f"{PREFIX}/sessions/{SESSION}")).json() == {"a": 1}
