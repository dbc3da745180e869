"""FranceConnect's tokens are believed only when everything about them is right (reliability A5, A8, F24)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from chassis.ids import new_token
from deploy.embedded import idp
from deploy.embedded.france_connect.faults import FORGED, NAMES
from services.identity.domain.franceconnect import FranceConnectRefused, FranceConnectUnavailable, Reason
from services.identity.franceconnect import Registration
from services.identity.franceconnect.registration import LEVELS
from tests.unit.identity.franceconnect_world import BACK, BYE, DEADLINE, ENZO, World, a_world, brought

REFUSED = {
    "invalid-grant": Reason.CODE,
    "no-id-token": Reason.NO_ANSWER,
    "token-not-json": Reason.NO_ANSWER,
    "userinfo-refused": Reason.UNSIGNED,
    "userinfo-json": Reason.UNSIGNED,
    "userinfo-is-id-token": Reason.IDENTITY,
}
UNAVAILABLE = [
    *("down", "slow", "discovery-issuer", "discovery-elsewhere", "jwks-down", "no-keys"),
    *("token-down", "invalid-client", "token-huge", "userinfo-down"),
]
OF_ANY_TOKEN = {
    **dict.fromkeys(("iss", "no-iss"), Reason.ISSUER),
    **dict.fromkeys(("aud", "no-aud", "two-auds", "azp"), Reason.AUDIENCE),
    **dict.fromkeys(("expired", "no-exp", "exp-text", "future", "no-iat", "nbf"), Reason.TIME),
    **dict.fromkeys(("alg-none", "hs256"), Reason.ALGORITHM),
    **dict.fromkeys(("unknown-kid", "kid-traversal", "no-kid"), Reason.KEY),
    **dict.fromkeys(("jwk", "jku", "x5u", "crit", "b64"), Reason.HEADER),
    **dict.fromkeys(("other-key", "no-signature", "zero-signature", "payload"), Reason.SIGNATURE),
    "sub": Reason.SUBJECT,
    "no-sub": Reason.SUBJECT,
    "huge": Reason.TOO_LONG,
    "not-a-jwt": Reason.MALFORMED,
}
OF_ID_TOKEN = {
    **dict.fromkeys(("nonce", "no-nonce"), Reason.NONCE),
    **dict.fromkeys(("acr", "no-acr"), Reason.LEVEL),
    **dict.fromkeys(("at-hash", "no-at-hash"), Reason.AT_HASH),
    "delegation": Reason.DELEGATION,
}
OF_USERINFO = {
    **dict.fromkeys(("no-birthdate", "birthdate", "birthplace", "gender"), Reason.IDENTITY),
    "ameli": Reason.LOOP,
    "delegation": Reason.DELEGATION,
}
HIGHER = "id-token/acr-higher"
REFUSED |= {f"id-token/{name}": reason for name, reason in {**OF_ANY_TOKEN, **OF_ID_TOKEN}.items()}
REFUSED |= {f"userinfo/{name}": reason for name, reason in {**OF_ANY_TOKEN, **OF_USERINFO}.items()}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def test_every_fault_of_the_provider_has_a_test() -> None:
    at_the_redirect = {name for name in NAMES if name.startswith("redirect-")}
    assert {*REFUSED, *UNAVAILABLE, *at_the_redirect, HIGHER} == set(NAMES)
    assert len(REFUSED) > 20
    assert set(FORGED) == {"id-token", "userinfo"}


@pytest.mark.parametrize("fault", REFUSED)
async def test_a_forged_log_in_is_refused_and_noted_once_without_a_word_about_anybody(world: World, fault: str) -> None:
    verifier, nonce = new_token(), new_token()
    code = await world.code(verifier, nonce)
    world.provider.faults.begin(fault, 0)
    with capture_logs() as logs, pytest.raises(FranceConnectRefused) as refused:
        await world.service.finish(code, verifier, nonce)
    [line] = [each for each in logs if each["event"].startswith("franceconnect")]
    assert line == {"event": "franceconnect refused", "reason": REFUSED[fault].value, "log_level": "warning"}
    assert refused.value.document("fr") == FranceConnectRefused(REFUSED[fault]).document("fr")
    same_for_all = {k: v for k, v in refused.value.document("fr").items() if k != "reason"}
    assert same_for_all == FranceConnectRefused(Reason.STATE).document("fr")
    assert refused.value.args == ("france-connect-refused",)
    assert refused.value.__cause__ is None
    assert world.service.available


@pytest.mark.parametrize("asked", LEVELS)
async def test_a_level_that_was_not_asked_for_is_taken_when_it_is_at_least_as_high(world: World, asked: str) -> None:
    world.service = world.client(acr=asked)
    world.provider.faults.begin(HIGHER, 0)
    assert (await world.log_in()).acr == "eidas3"


@pytest.mark.parametrize("asked", LEVELS)
@pytest.mark.parametrize("returned", [*LEVELS, "eidas0", "eidas4", "EIDAS3", "", None, ["eidas3"]])
def test_a_returned_level_is_compared_with_the_one_asked_for(asked: str, returned: object) -> None:
    accepted = {"eidas1": LEVELS, "eidas2": ("eidas2", "eidas3"), "eidas3": ("eidas3",)}
    registration = Registration("https://fc.exemple.invalid", "compte", SecretStr("s"), BACK, BYE, acr=asked)
    assert registration.accepts(returned) == (returned in accepted[asked])


@pytest.mark.parametrize("fault", UNAVAILABLE)
async def test_a_provider_that_fails_is_said_to_be_unavailable_in_time(world: World, fault: str) -> None:
    verifier, nonce = new_token(), new_token()
    code = await world.code(verifier, nonce)
    world.service = world.client()
    world.provider.faults.begin(fault, 25)
    began = asyncio.get_running_loop().time()
    with capture_logs() as logs, pytest.raises(FranceConnectUnavailable) as unavailable:
        await world.service.finish(code, verifier, nonce)
    assert asyncio.get_running_loop().time() - began < DEADLINE + 1
    assert [each["event"] for each in logs] == ["franceconnect unavailable"]
    assert unavailable.value.status == 503
    assert "numéro de sécurité sociale" in unavailable.value.detail.fr


@pytest.mark.parametrize(
    ("fault", "comes"),
    [
        ("redirect-error", {"error": "access_denied"}),
        ("redirect-server-error", {"error": "server_error"}),
        ("redirect-other-state", {"state": "s" * 43}),
        ("redirect-no-state", {}),
    ],
)
async def test_the_provider_can_spoil_the_way_back(world: World, fault: str, comes: dict[str, str]) -> None:
    world.provider.faults.begin(fault, 0)
    state = new_token()
    address = await world.service.begin(state, new_token(), new_token())
    back = brought(await idp.sign_in(world.http, address, ENZO))
    assert comes.items() <= back.items()
    assert ("code" in back) == (not comes.get("error"))
    assert (back.get("state") == state) == ("error" in comes)


@pytest.mark.parametrize(
    ("spoil", "answer"),
    [
        (lambda asked: asked.pop("state"), 400),
        (lambda asked: asked.update(nonce="court"), 400),
        (lambda asked: asked.update(client_id="un-autre"), 400),
        (lambda asked: asked.update(redirect_uri="https://ailleurs.exemple.invalid/"), 400),
        (lambda asked: asked.pop("code_challenge"), "invalid_request"),
        (lambda asked: asked.update(code_challenge_method="plain"), "invalid_request"),
        (lambda asked: asked.pop("acr_values"), "invalid_request"),
        (lambda asked: asked.update(scope="profile"), "invalid_scope"),
        (lambda asked: asked.update(response_type="token"), "unsupported_response_type"),
    ],
)
async def test_the_provider_insists_on_what_franceconnect_insists_on(
    world: World, spoil: Callable[[dict[str, str]], object], answer: int | str
) -> None:
    address = urlsplit(await world.service.begin(new_token(), new_token(), new_token()))
    asked = dict(parse_qsl(address.query))
    spoil(asked)
    async with world.http.get(address._replace(query=urlencode(asked)).geturl(), allow_redirects=False) as page:
        given = page.status if page.status == 400 else brought(page.headers["Location"])["error"]
    assert given == answer
