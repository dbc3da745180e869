"""What the pages, the help, the capabilities and the description of the API say of codes is what identity takes."""

import re

import httpx
import pytest

from chassis.app import bare_app
from contracts.channel import Channel
from contracts.problems import Unavailable
from services.gateway import docs, portal
from services.gateway.api import routers
from services.gateway.domain.capabilities import PREFIX
from services.gateway.domain.code_forms import SHIPPED, CodeForm, CodeForms
from services.gateway.upstream import FormsInForce
from services.identity.domain.code_forms import form_of_own, form_of_typed
from tests.unit.gateway.fakes import with_code_forms
from tests.unit.identity.fakes import NOW, RULES

ANY = CodeForm(alphabet="mixed", shortest=4, longest=64, pattern="^[!-~]{4,64}$")
LONG = CodeForm(alphabet="mixed", shortest=10, longest=50, pattern="^[!-~]{10,50}$")
MIXED = CodeForms(typed=ANY, own=LONG)
FIELDS = {
    "/connexion": {"code": "typed", "second_code": "second"},
    "/choisir-mon-code": {"current_code": "typed", "new_code": "own", "confirmation": "own"},
    "/mes-informations": {"passkey_code": "typed"},
    "/changer-mon-adresse": {"current_code": "typed"},
}


async def read(codes: CodeForms, path: str) -> httpx.Response:
    app = with_code_forms(bare_app("gateway", [*routers, docs.router, portal.router]), codes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://compte.invalid") as visitor:
        return await visitor.get(path)


def test_until_identity_answers_codes_are_what_its_parameters_say_as_they_ship() -> None:
    for mine, theirs in ((SHIPPED.typed, form_of_typed(RULES, NOW)), (SHIPPED.own, form_of_own(RULES, NOW))):
        assert (mine.alphabet, mine.shortest, mine.longest, mine.pattern) == (
            theirs.alphabet,
            theirs.shortest,
            theirs.longest,
            theirs.pattern,
        )


@pytest.mark.parametrize("codes", [SHIPPED, MIXED])
async def test_front_ends_are_told_what_codes_are_made_of(codes: CodeForms) -> None:
    answer = (await read(codes, f"{PREFIX}/capabilities")).json()
    assert answer["codes"] == codes.model_dump()


@pytest.mark.parametrize("address", FIELDS)
@pytest.mark.parametrize("codes", [SHIPPED, MIXED])
async def test_a_field_for_a_code_takes_what_is_in_force_and_a_second_code_is_digits(
    codes: CodeForms, address: str
) -> None:
    answer = await read(codes, address)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    for name, form in FIELDS[address].items():
        [field] = re.findall(rf'<input id="{name}"[^>]*>', answer.text)
        wanted = SHIPPED.typed if form == "second" else getattr(codes, form)
        assert f'maxlength="{wanted.longest}"' in field
        assert ('inputmode="numeric"' in field) is (wanted.alphabet == "digits")


async def test_a_page_that_a_browser_has_is_sent_again_when_codes_have_changed() -> None:
    before, after = await read(SHIPPED, "/connexion"), await read(MIXED, "/connexion")
    assert before.headers["etag"] != after.headers["etag"]
    assert (await read(SHIPPED, "/connexion")).headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize(
    ("codes", "words"), [(SHIPPED, "de 4 à 13 chiffres"), (MIXED, "de 10 à 50 caractères, avec des majuscules")]
)
async def test_texts_say_what_an_own_code_must_be(codes: CodeForms, words: str) -> None:
    assert words.capitalize() in (await read(codes, "/choisir-mon-code")).text
    for channel in Channel:
        said = (await read(codes, f"{PREFIX}/help?channel={channel}")).text
        assert said.count(words) == 2
        assert "own_code" not in said


async def test_the_description_of_the_api_has_the_patterns_in_force() -> None:
    schemas = {codes: (await read(codes, "/docs/openapi.json")).json()["components"]["schemas"] for codes in BOTH}
    for codes, found in schemas.items():
        new = found["IdentityCodeRequest"]["properties"]
        assert new["new_code"]["pattern"] == codes.own.pattern
        assert new["current_code"]["anyOf"][0]["pattern"] == codes.typed.pattern
        assert found["IdentityLogInRequest"]["properties"]["code"]["pattern"] == codes.typed.pattern
        assert found["IdentityChallengeRequest"]["properties"]["code"]["pattern"] == SHIPPED.typed.pattern
    assert (await read(MIXED, "/docs")).status_code == 200


BOTH = (SHIPPED, MIXED)


async def test_what_identity_says_holds_until_it_says_something_else_also_while_it_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.gateway.upstream.FORMS_KEPT", 0)
    monkeypatch.setattr("services.gateway.upstream.FORMS_MISSED", 0)
    answers = iter([None, MIXED, None, None, SHIPPED])

    async def fetch() -> CodeForms:
        said = next(answers)
        if said is None:
            raise Unavailable
        return said

    forms, seen = FormsInForce(fetch), []
    for _ in range(5):
        await forms.follow(None)
        seen.append(forms.now)
    assert seen == [SHIPPED, MIXED, MIXED, MIXED, SHIPPED]
