"""Codes of letters, digits and signs over HTTP, where the parameters ask for them; digits everywhere else."""

from collections.abc import Callable
from datetime import date

import pytest

from contracts.identity import AccountCreated, CodeReset
from contracts.parameters import Parameter
from services.identity.domain.parameters import BUILT_IN, Parameters
from tests.integration.identity.device import FORM, NIR, Client

DIGITS = {"alphabet": "digits", "shortest": 4, "longest": 13, "pattern": "^[0-9]{4,13}$"}
MIXED = {"alphabet": "mixed", "shortest": 8, "longest": 64, "pattern": "^[!-~]{8,64}$"}
ANY = {"alphabet": "mixed", "shortest": 4, "longest": 64, "pattern": "^[!-~]{4,64}$"}
IN_FORCE = date(2026, 1, 1)
Configure = Callable[..., None]


@pytest.fixture
def configure(client: Client, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Puts values of parameters in force, as IDENTITY_PARAMETERS does at the start."""

    def put(**values: int) -> None:
        rows = [Parameter(f"code.{name.replace('__', '.')}", IN_FORCE, value, "test") for name, value in values.items()]
        monkeypatch.setattr(client.app.state.parts.rules, "_rows", Parameters((*BUILT_IN, *rows))._rows)

    return put


async def attempts(client: Client) -> int:
    found: int = await client.app.state.service.database["attempts"].count({})
    return found


async def test_who_shows_the_fields_is_told_what_codes_are_made_of(client: Client, configure: Configure) -> None:
    assert (await client.call("GET", "/code-forms")).json() == {"typed": DIGITS, "own": DIGITS}
    configure(own__alphabet=1)
    assert (await client.call("GET", "/code-forms")).json() == {"typed": ANY, "own": MIXED}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("123", "code-format"),
        ("kT7#vQpw", "code-format"),
        ("1" * 14, "string_too_long"),
        ("k 7 " * 9, "string_too_long"),
    ],
)
async def test_where_codes_are_digits_anything_else_is_refused_with_all_other_wrong_fields_and_not_counted(
    client: Client, code: str, reason: str
) -> None:
    refused = await client.call("POST", "/sessions", {"nir": "1", "code": code, "client_id": "web"})
    assert refused.status_code == 422
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/nir", "nir-format"),
        ("/code", reason),
    ]
    assert (await client.log_in(code)).status_code == 422
    assert await attempts(client) == 0


async def test_a_mixed_code_is_chosen_typed_and_replaced_and_one_of_digits_opens_until_then(
    client: Client, configure: Configure
) -> None:
    await client.open_account("7294")
    configure(own__alphabet=1)
    assert (await client.log_in("7294")).status_code == 200
    for weak in ("6283", "kT7vQpwz" * 9, "Motdepasse1!", "kT7#vQp"):
        refused = await client.call("PUT", "/me/code", {"current_code": "7294", "new_code": weak})
        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/new_code"]
        assert weak not in refused.text
    chosen = await client.call("PUT", "/me/code", {"current_code": "7294", "new_code": "kT7#vQpw"})
    assert chosen.status_code == 204
    assert (await client.log_in("7294")).status_code == 401
    assert (await client.log_in("KT7#VQPW")).status_code == 401
    assert (await client.log_in("kT7#vQpw")).status_code == 200
    again = await client.call("PUT", "/me/code", {"current_code": "kT7#vQpw", "new_code": "correct#Horse&Battery"})
    assert again.status_code == 204
    assert (await client.log_in("kT7#vQpw " + "é")).status_code == 422


async def test_second_codes_are_digits_whatever_own_codes_are(client: Client, configure: Configure) -> None:
    configure(own__alphabet=1)
    await client.open_account("kT7#vQpw")
    device = client.another()
    challenge = (await device.log_in("kT7#vQpw")).json()["challenge_id"]
    assert (await device.answer(challenge, "kT7#vQpw")).status_code == 422
    assert (await device.answer(challenge, await device.second_code())).status_code == 200


@pytest.mark.parametrize("digits", [4, 6])
async def test_provisional_codes_may_be_as_short_as_they_were_on_paper(
    client: Client, configure: Configure, digits: int
) -> None:
    configure(provisional__digits=digits)
    await client.open_account("729418")
    reset = await client.call("POST", "/code-resets", {"nir": NIR, "birth_date": FORM["birth_date"]})
    assert "attendez demain" in reset.json()["message"]
    sent = [await client.mailed_code(kind) for kind in (AccountCreated, CodeReset)]
    assert [len(each) for each in sent] == [digits, digits]
    opened = await client.another().log_in(sent[1])
    assert (opened.status_code, opened.json()["code_change_required"]) == (200, True)
