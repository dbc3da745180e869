"""Creating an account in the application, guessing at the details of somebody, mailing one address."""

from dataclasses import replace
from datetime import datetime

import pytest

from contracts.birth_date import BirthDate
from contracts.identity import AccountCreated, CreationWay
from services.identity import handlers
from services.identity.domain import email, iban, nir
from services.identity.domain.account import Letter
from services.identity.domain.insured import CardState, InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.domain.proof import CardClaim
from services.identity.domain.regimes import RegimeNotCovered
from services.identity.domain.session import Scope
from tests.unit.identity.fakes import LUCIE, NOW, issued, lucie, marc, sealed
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene

IBAN = iban.parse("FR59 1234 5123 4500 00DE MO00 115")
SERIAL = "9000000001"
CARD = CardClaim(IBAN, SERIAL)
WRONG = replace(CARD, vitale_serial="9000000002")


def with_card(person: InsuredPerson) -> RegisterEntry:
    """A person whose bank account and card the caisse knows."""
    return RegisterEntry(person, IBAN.number, SERIAL)


async def create_in_app(
    scene: Scene,
    number: Nir,
    claim: CardClaim = CARD,
    *,
    address: str = "lucie@exemple.invalid",
    code: str = "48151623",
    now: datetime = NOW,
) -> None:
    """Somebody gives a number, an IBAN and a card in the application."""
    letter = Letter(sealed(address), issued(code))
    command = handlers.CreateAccount(number, claim, email.parse(address), letter, now)
    await scene.run(handlers.create_account, command)


@scenario
async def iban_and_card_are_as_good_as_the_web_form(scene: Scene) -> None:
    await scene.insure(with_card(lucie()))
    await create_in_app(scene, lucie().nir)
    created = await scene.last(AccountCreated)
    assert (created.person_id, created.way) == (LUCIE, CreationWay.CARD_AND_IBAN)
    assert (await scene.log_in(lucie().nir, "48151623")).scope is Scope.CODE_CHANGE


@scenario
async def without_the_right_card_nothing_happens(scene: Scene) -> None:
    await scene.insure(with_card(lucie()), RegisterEntry(marc(), IBAN.number, None))
    await create_in_app(scene, lucie().nir, WRONG)
    await create_in_app(scene, lucie().nir, replace(CARD, iban=iban.parse("BE32 1234 5678 9002")))
    await create_in_app(scene, marc().nir)
    await create_in_app(scene, nir.parse("2850329990026"))
    assert await scene.told() == []


@scenario
async def a_replaced_card_proves_nothing_any_more(scene: Scene) -> None:
    await scene.insure(with_card(lucie()))
    await scene.insure(replace(with_card(lucie()), vitale_serial="9000000099"))
    await create_in_app(scene, lucie().nir)
    assert await scene.told() == []
    await create_in_app(scene, lucie().nir, replace(CARD, vitale_serial="9000000099"))
    assert await scene.told() == ["AccountCreated"]


@scenario
async def an_opposed_card_is_a_wrong_one_and_counts_as_such(scene: Scene) -> None:
    stolen = replace(with_card(lucie()), card_state=CardState.OPPOSED)
    await scene.insure(stolen)
    for _ in range(3):
        await create_in_app(scene, lucie().nir)
    await scene.insure(with_card(lucie()))
    await create_in_app(scene, lucie().nir)
    assert await scene.told() == []
    await create_in_app(scene, lucie().nir, now=NOW + DAY)
    assert await scene.told() == ["AccountCreated"]


@scenario
async def a_provisional_number_gets_no_account_in_the_application(scene: Scene) -> None:
    nadia = lucie(nir=nir.parse("896069935190689"))
    await scene.insure(with_card(nadia))
    await create_in_app(scene, nadia.nir)
    assert await scene.told() == []


@scenario
async def another_regime_is_named_in_the_application_only_to_whoever_was_recognised(scene: Scene) -> None:
    await scene.insure(with_card(lucie(regime="mgen")))
    await create_in_app(scene, lucie().nir, WRONG)
    with pytest.raises(RegimeNotCovered) as refused:
        await create_in_app(scene, lucie().nir)
    assert "mgen.fr" in refused.value.document("fr")["portal"]


@scenario
async def three_wrong_proofs_close_both_forms_for_the_day_and_neither_log_in_nor_tomorrow(scene: Scene) -> None:
    await scene.insure(with_card(lucie()))
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await create_in_app(scene, lucie().nir, WRONG)
    await create_in_app(scene, lucie().nir, WRONG)
    await scene.create(lucie(), "else@exemple.invalid", "59260734", birth_date=BirthDate(1985, 3, 15))
    before = await scene.told()
    await create_in_app(scene, lucie().nir)
    await scene.create(lucie(), "lucie@exemple.invalid", "60371845")
    assert await scene.told() == before
    assert (await scene.log_in(lucie().nir, "7294")).scope is Scope.FULL
    await scene.create(lucie(), "lucie@exemple.invalid", "60371845", now=NOW + DAY)
    assert (await scene.told())[-1] == "AccountCreationAttempted:account-exists"


@scenario
async def a_right_proof_does_not_give_a_stranger_more_guesses(scene: Scene) -> None:
    await scene.insure(with_card(lucie()))
    await create_in_app(scene, lucie().nir, WRONG)
    await create_in_app(scene, lucie().nir, WRONG)
    await create_in_app(scene, lucie().nir)
    await create_in_app(scene, lucie().nir, WRONG)
    await create_in_app(scene, lucie().nir, code="59260734", now=NOW + HOUR)
    assert await scene.told() == ["AccountCreated"]


@scenario
async def guesses_at_an_unknown_number_are_counted_as_well(scene: Scene) -> None:
    for _ in range(4):
        await create_in_app(scene, lucie().nir)
    await scene.insure(with_card(lucie()))
    await create_in_app(scene, lucie().nir)
    assert await scene.told() == []
    await create_in_app(scene, lucie().nir, now=NOW + DAY)
    assert await scene.told() == ["AccountCreated"]


@scenario
async def one_address_is_written_to_four_times_a_day_and_once_more_for_an_account_whoever_types_it(
    scene: Scene,
) -> None:
    await scene.insure(with_card(lucie()), with_card(marc()))
    for minute in range(4):
        await create_in_app(scene, lucie().nir, code=f"4815162{minute}", now=NOW + minute * MINUTE)
    for minute in range(4, 9):
        await create_in_app(scene, marc().nir, now=NOW + minute * MINUTE)
    assert await scene.told() == ["AccountCreated", *["CodeReset:unused"] * 3]
    assert await scene.log_in(lucie().nir, "48151623", now=NOW + HOUR)
    await create_in_app(scene, marc().nir, now=NOW + DAY)
    assert (await scene.told())[-1] == "AccountCreationAttempted:email-taken"
