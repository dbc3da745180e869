"""A provisional number that becomes a definitive one, and the register's other changes (domain 3.1)."""

import pytest

from contracts.identity import AccountCreated, NirCertified
from services.identity import handlers
from services.identity.domain import nir
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.insured import RegisterEntry, WrongNumber
from services.identity.domain.session import Scope
from services.identity.domain.throttle import TooManyAttempts
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie, marc
from tests.unit.identity.scenarios.proofs import WRONG, create_in_app, with_card
from tests.unit.identity.scenarios.told import DAY, scenario
from tests.unit.identity.scene import Scene

OLD, NEW = nir.parse("896069935190689"), nir.parse("296069935190601")
BEFORE, AFTER = lucie(nir=OLD), lucie(nir=NEW)


@scenario
async def both_numbers_name_the_person_from_then_on(scene: Scene) -> None:
    await scene.insure(with_card(BEFORE))
    await scene.insure(with_card(AFTER))
    assert await scene.told() == ["NirCertified"]
    certified = await scene.last(NirCertified)
    assert (certified.person_id, certified.certified_at) == (LUCIE, NOW)
    assert (certified.old.ciphertext, certified.new.ciphertext) == (OLD.body, NEW.body)
    await create_in_app(scene, NEW)
    assert (await scene.log_in(OLD, "48151623", "first")).scope is Scope.CODE_CHANGE
    await scene.choose(AFTER, "first", "7294")
    for number in (OLD, NEW):
        assert (await scene.log_in(number, "7294", number.body)).person_id == LUCIE


@scenario
async def the_old_number_opens_an_account_once_it_is_certified(scene: Scene) -> None:
    await scene.register(BEFORE)
    await scene.create(BEFORE, "nadia@exemple.invalid", "48151623")
    await scene.register(AFTER)
    await scene.create(BEFORE, "nadia@exemple.invalid", "48151623", now=NOW + DAY)
    assert (await scene.last(AccountCreated)).person_id == LUCIE
    await scene.create(AFTER, "nadia@exemple.invalid", "59260734", now=NOW + 3 * DAY)
    assert (await scene.told())[-1] == "CodeReset:unused"


@scenario
async def tries_on_both_numbers_count_together(scene: Scene) -> None:
    await scene.insure(with_card(BEFORE))
    await scene.insure(with_card(AFTER))
    await create_in_app(scene, OLD, WRONG)
    await create_in_app(scene, NEW, WRONG)
    await create_in_app(scene, OLD, WRONG)
    await create_in_app(scene, NEW)
    assert await scene.told() == ["NirCertified"]
    for number in (OLD, NEW, OLD, NEW, OLD):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(number, "9999")
    for number in (OLD, NEW):
        with pytest.raises(TooManyAttempts):
            await scene.log_in(number, "9999")


@scenario
async def a_number_is_certified_once_and_never_goes_back(scene: Scene) -> None:
    await scene.register(BEFORE)
    await scene.register(AFTER)
    await scene.register(AFTER)
    for wrong in (BEFORE, lucie(), lucie(id=MARC, nir=OLD), lucie(id=MARC, nir=NEW)):
        with pytest.raises(WrongNumber):
            await scene.register(wrong)
    assert await scene.told() == ["NirCertified"]
    await scene.register(lucie(nir=NEW, postal_code="31000"))
    assert (await scene.run(_insured, OLD)).postal_code == "31000"


async def _insured(number: nir.Nir, store: handlers.Store) -> object:
    return await store.insured(number)


@scenario
async def people_are_found_by_their_name_at_birth_and_year_of_birth(scene: Scene) -> None:
    await scene.insure(RegisterEntry(lucie()), RegisterEntry(marc(usage_last_name="EXEMPLE")))
    found = [await scene.run(_candidates, key) for key in ("exemple|1985", "fictif|1983", "exemple|1983", "")]
    assert found == [[lucie()], [marc(usage_last_name="EXEMPLE")], [], []]
    await scene.register(lucie(birth_last_name="CORRIGÉ"))
    assert await scene.run(_candidates, "exemple|1985") == []
    assert [each.id for each in await scene.run(_candidates, "corrige|1985")] == [LUCIE]


async def _candidates(key: str, store: handlers.Store) -> object:
    return list(await store.candidates([key]))
