"""A person who moves to another caisse (domain F11)."""

from contracts.identity import CaisseChanged
from services.identity.domain import nir
from tests.unit.identity.fakes import LUCIE, NOW, lucie, marc
from tests.unit.identity.scenarios.told import DAY, scenario
from tests.unit.identity.scene import Scene


@scenario
async def a_move_to_another_caisse_is_told_once(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    assert await scene.told() == []
    for _ in range(2):
        await scene.register(lucie(caisse="31", postal_code="31000"), marc(postal_code="29000"))
    assert await scene.told() == ["CaisseChanged"]
    move = await scene.last(CaisseChanged)
    assert (move.person_id, move.previous_caisse, move.caisse, move.changed_at) == (LUCIE, "29", "31", NOW)


@scenario
async def a_move_back_is_another_move(scene: Scene) -> None:
    await scene.register(lucie(), lucie(caisse="31"), lucie())
    assert await scene.told() == ["CaisseChanged", "CaisseChanged"]
    assert (await scene.last(CaisseChanged)).caisse == "29"


@scenario
async def the_profile_follows_a_move(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    await scene.register(lucie(caisse="31"))
    assert (await scene.profile(lucie(), now=NOW + DAY)).person.caisse == "31"


@scenario
async def a_move_and_a_certified_number_may_come_in_one_line(scene: Scene) -> None:
    old, new = nir.parse("896069935190689"), nir.parse("296069935190601")
    await scene.register(lucie(nir=old), lucie(nir=new, caisse="75"))
    assert sorted(await scene.told()) == ["CaisseChanged", "NirCertified"]
