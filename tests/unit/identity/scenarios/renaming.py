"""A person who goes by another name (domain 3.22)."""

from contracts.identity import AccountCreated, NameChanged
from tests.unit.identity.fakes import LUCIE, NOW, lucie
from tests.unit.identity.scenarios.told import DAY, scenario
from tests.unit.identity.scene import Scene


@scenario
async def another_name_of_an_account_is_told_once_with_the_one_that_the_person_goes_by(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")
    before = await scene.told()
    for _ in range(2):
        await scene.register(lucie(usage_last_name="EXEMPLE-FICTIVE"))
    assert await scene.told() == [*before, "NameChanged"]
    told = await scene.last(NameChanged)
    assert (told.person_id, told.first_name, told.last_name, told.changed_at) == (
        LUCIE,
        "Lucie",
        "EXEMPLE-FICTIVE",
        NOW,
    )
    await scene.register(lucie())
    assert (await scene.last(NameChanged)).last_name == "EXEMPLE"
    assert (await scene.profile(lucie(), now=NOW + DAY)).person.last_name == "EXEMPLE"


@scenario
async def a_name_that_nobody_goes_by_and_one_of_who_has_no_account_are_not_told(scene: Scene) -> None:
    await scene.register(lucie(), lucie(usage_last_name="FICTIVE"), lucie(usage_last_name="FICTIVE", caisse="31"))
    assert await scene.told() == ["CaisseChanged"]
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    assert (await scene.last(AccountCreated)).last_name == "FICTIVE"
    before = await scene.told()
    await scene.register(lucie(usage_last_name="FICTIVE", birth_last_name="AUTRE", caisse="31"))
    assert await scene.told() == before
