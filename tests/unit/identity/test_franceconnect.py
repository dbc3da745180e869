"""A log-in by FranceConnect, and what keeps it from being anybody else's (domain 3.6, reliability F24)."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from chassis.ids import new_token
from deploy.demo.people import pivot_claims, subject
from deploy.embedded import idp
from deploy.embedded.france_connect.signing import Algorithm
from services.identity.domain.franceconnect import FranceConnectRefused, FranceConnectUnavailable, Reason
from services.identity.franceconnect import FranceConnect, Registration
from tests.unit.identity.franceconnect_world import BACK, BYE, ENZO, World, a_world, brought


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_sound_log_in_says_who_it_is(world: World, algorithm: Algorithm) -> None:
    world.provider.signer.rotate(algorithm, keep=False)
    enzo = await world.log_in()
    assert (enzo.sub, enzo.acr, enzo.idp) == (ENZO, "eidas1", "france-identite")
    assert (enzo.pivot.family_name, enzo.pivot.given_names) == ("BIDON", ("Enzo",))
    assert enzo.pivot.birthplace == "13055"
    assert enzo.email is not None
    assert enzo.email.address == "enzo.bidon@exemple.invalid"
    assert repr(enzo) == "Identified(acr='eidas1', idp='france-identite')"


async def test_the_address_asks_for_what_was_agreed_and_no_more(world: World) -> None:
    address = urlsplit(await world.service.begin("s" * 43, "n" * 43, "v" * 43, idp_hint="la-poste"))
    asked = {name: value for name, [value] in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{world.provider.issuer}/api/v2/authorize"
    assert asked.pop("code_challenge") != "v" * 43
    assert asked == {
        "response_type": "code",
        "client_id": "compte",
        "redirect_uri": BACK,
        "scope": "openid identite_pivot email idp_id",
        "state": "s" * 43,
        "nonce": "n" * 43,
        "acr_values": "eidas1",
        "code_challenge_method": "S256",
        "idp_hint": "la-poste",
    }


async def test_what_failed_is_not_offered_for_half_a_minute_and_then_works_again(world: World) -> None:
    world.provider.faults.begin("down", 0)
    with pytest.raises(FranceConnectUnavailable):
        await world.service.begin(new_token(), new_token(), new_token())
    assert not world.service.available
    world.provider.faults.begin(None, 0)
    assert (await world.log_in()).sub == ENZO
    world.clock.seconds += 30
    assert world.service.available


async def test_a_provider_that_is_not_there_is_unavailable(world: World) -> None:
    nobody = world.client(issuer="http://127.0.0.1:1")
    with pytest.raises(FranceConnectUnavailable):
        await nobody.finish("code", new_token(), new_token())
    assert await nobody.logout_url("jeton", new_token()) is None


@pytest.mark.parametrize(
    ("error", "reason"), [("access_denied", Reason.DECLINED), ("<script>", Reason.RETURNED_ERROR), ("", None)]
)
def test_an_error_brought_back_is_refused_without_being_quoted(error: str, reason: Reason | None) -> None:
    service = FranceConnect(Registration("https://fc.exemple.invalid", "compte", SecretStr("s"), BACK, BYE))
    with capture_logs() as logs:
        refused = service.returned(error)
    assert isinstance(refused, FranceConnectRefused)
    assert refused.reason is (reason or Reason.RETURNED_ERROR)
    assert [each["reason"] for each in logs] == [refused.reason.value]


def test_an_error_anybody_may_bring_does_not_take_the_button_away() -> None:
    service = FranceConnect(Registration("https://fc.exemple.invalid", "compte", SecretStr("s"), BACK, BYE))
    assert isinstance(service.returned("server_error"), FranceConnectUnavailable)
    assert service.available


async def test_a_code_works_once_only_for_who_asked_and_for_thirty_seconds(world: World) -> None:
    verifier, nonce = new_token(), new_token()
    code = await world.code(verifier, nonce)
    await world.service.finish(code, verifier, nonce)
    late = await world.code(verifier, nonce)
    world.clock.seconds += 30
    for spoiled in (code, late, await world.code(new_token(), nonce), "", "x" * 5000, "\ud800", "code\x00"):
        with pytest.raises(FranceConnectRefused) as refused:
            await world.service.finish(spoiled, verifier, nonce)
        assert refused.value.reason is Reason.CODE
    assert world.service.available


async def test_a_log_in_of_another_browser_is_refused(world: World) -> None:
    verifier, nonce = new_token(), new_token()
    code = await world.code(verifier, nonce)
    with pytest.raises(FranceConnectRefused) as refused:
        await world.service.finish(code, verifier, new_token())
    assert refused.value.reason is Reason.NONCE


async def test_a_level_below_the_one_asked_for_is_refused_and_one_above_is_not(world: World) -> None:
    world.service = world.client(acr="eidas2")
    assert (await world.log_in()).acr == "eidas2"
    verifier, nonce = new_token(), new_token()
    address = await world.client(acr="eidas1").begin(new_token(), nonce, verifier)
    code = brought(await idp.sign_in(world.http, address, ENZO))["code"]
    with pytest.raises(FranceConnectRefused) as refused:
        await world.service.finish(code, verifier, nonce)
    assert refused.value.reason is Reason.LEVEL


async def test_a_wrong_secret_is_our_fault_and_not_the_persons(world: World) -> None:
    verifier, nonce = new_token(), new_token()
    code = await world.code(verifier, nonce)
    with pytest.raises(FranceConnectUnavailable):
        await world.client(client_secret=SecretStr("un autre")).finish(code, verifier, nonce)


async def test_clocks_may_differ_by_thirty_seconds(world: World) -> None:
    for apart in (-29, 29):
        verifier, nonce = new_token(), new_token()
        code = await world.code(verifier, nonce)
        others = world.clock.seconds
        world.provider.clock = lambda apart=apart, others=others: others + apart  # type: ignore[misc]
        assert (await world.service.finish(code, verifier, nonce)).sub == ENZO
    code = await world.code(verifier, nonce)
    world.provider.clock = lambda: others + 31
    with pytest.raises(FranceConnectRefused) as refused:
        await world.service.finish(code, verifier, nonce)
    assert refused.value.reason is Reason.TIME


async def test_a_new_key_is_learnt_at_most_once_in_ten_seconds(world: World) -> None:
    await world.log_in()
    assert world.provider.calls["jwks"] == 1
    world.provider.signer.rotate("ES256", keep=False)
    with pytest.raises(FranceConnectRefused):
        await world.log_in()
    assert world.provider.calls["jwks"] == 1
    world.clock.seconds += 10
    assert (await world.log_in()).sub == ENZO
    world.provider.faults.begin("id-token/unknown-kid", 0)
    refusals = await asyncio.gather(*(world.log_in() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(each, FranceConnectRefused) for each in refusals)
    assert world.provider.calls["jwks"] == 2
    assert world.provider.calls["openid-configuration"] == 1


async def test_logging_out_ends_the_session_there_and_comes_back(world: World) -> None:
    enzo = await world.log_in()
    world.clock.seconds += 3600
    state = new_token()
    away, refused = [await world.service.logout_url(each, state) for each in (enzo.id_token, "jeton")]
    assert away
    assert refused
    async with world.http.get(away, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{BYE}?state={state}"
    async with world.http.get(refused, allow_redirects=False) as answer:
        assert answer.status == 400


async def test_a_person_may_have_no_address_or_a_malformed_one(world: World) -> None:
    assert (await world.log_in(subject("P7"))).email is None
    claims = next(each for each in pivot_claims() if each["sub"] == ENZO)
    world.provider.people.add({**claims, "email": "pas une adresse"})
    assert (await world.log_in()).email is None


async def test_the_page_offers_the_people_and_a_way_back(world: World) -> None:
    address = await world.service.begin(new_token(), new_token(), new_token(), idp_hint="france-identite")
    async with world.http.get(address) as page:
        text = await page.text()
    assert "Vous vous connectez avec France Identité" in text
    assert "Enzo BIDON" in text
    assert "PROVISOIRE" not in text
    assert brought(await idp.sign_in(world.http, address, ""))["error"] == "access_denied"
    async with world.http.get(f"{address}&login_hint={ENZO}", allow_redirects=False) as answer:
        assert "code=" in answer.headers["Location"]
    assert (await world.log_in(idp_hint="yris")).idp == "yris"


@pytest.mark.parametrize("issuer", ["http://fc.exemple.invalid", "ftp://127.0.0.1", "fc.exemple.invalid"])
def test_an_issuer_in_clear_is_refused_at_the_start(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Registration(issuer, "compte", SecretStr("s"), BACK, BYE)


def test_a_level_that_does_not_exist_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="eidas1"):
        Registration("https://fc.exemple.invalid", "compte", SecretStr("s"), BACK, BYE, acr="eidas9")
