"""Creation on MongoDB: what many at once, many processes and a stolen dump can do."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.mongo import Collection
from chassis.service import Service
from chassis.work import Work
from contracts.identity import AccountCreated
from services.identity.domain import nir
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.nir import Nir
from services.identity.domain.session import Session
from services.identity.handlers import Store
from services.identity.purge import Purge
from services.identity.store import INDEXES
from tests.integration.identity.conftest import published
from tests.unit.identity.fakes import LUCIE, MARC, lucie, marc, sealed
from tests.unit.identity.scenarios.proofs import WRONG, create_in_app, with_card
from tests.unit.identity.scene import Scene

UNKNOWN = nir.parse("2850329990026")
OLD = nir.parse("896069935190689")
KEPT = ("accounts", "attempts", "sessions", "refresh_tokens", "email_changes")


def people(count: int) -> list[InsuredPerson]:
    return [lucie(id=UUID(int=number), nir=nir.parse(f"2850329990{number:03}")) for number in range(1, count + 1)]


async def test_twenty_people_who_give_one_email_at_once_get_one_account(scene: Scene, service: Service) -> None:
    await scene.register(*people(20))
    await asyncio.gather(*(scene.create(each, "home@exemple.invalid", "48151623") for each in people(20)))
    told = await scene.told()
    assert told.count("AccountCreated") == 1
    assert set(told) == {"AccountCreated", "AccountCreationAttempted:email-taken"}
    assert len(told) <= 1 + 3
    assert await service.database["accounts"].count({}) == 1


async def test_ten_creations_of_one_person_at_once_make_one_account(scene: Scene) -> None:
    await scene.register(lucie())
    await asyncio.gather(*(scene.create(lucie(), "lucie@exemple.invalid", "48151623") for _ in range(10)))
    assert sorted(await scene.told()) == ["AccountCreated", *["CodeReset:unused"] * 3]


async def test_twenty_people_who_want_the_address_of_an_account_that_nobody_opened_make_one_account_have_it(
    scene: Scene, service: Service
) -> None:
    now = clock.now()
    await scene.register(*people(20), marc())
    await scene.create(marc(), "home@exemple.invalid", "48151623", now=now - timedelta(minutes=31))
    crowd = people(20)
    await asyncio.gather(*(scene.create(each, "home@exemple.invalid", "59260734", now=now) for each in crowd))
    told = await scene.told()
    assert (told.count("AccountCreated"), told.count("AccountClosed:never-opened")) == (2, 1)
    assert set(told[3:]) <= {"AccountCreationAttempted:email-taken"}
    owner = (await scene.last(AccountCreated)).person_id
    kept = {each["_id"]: each["email_index"] for each in await service.database["accounts"].find({})}
    assert kept.keys() == {str(owner), str(MARC)}
    assert kept[str(MARC)] == f"none:{MARC}"
    [number] = [each.nir for each in crowd if each.id == owner]
    with pytest.raises(InvalidCredentials):
        await scene.log_in(marc().nir, "48151623", now=now)
    assert await scene.log_in(number, "59260734", now=now)


async def test_two_corrections_of_a_mistyped_address_at_once_leave_the_newest_code_where_the_account_is(
    scene: Scene, service: Service
) -> None:
    await scene.register(lucie(), marc())
    await scene.create(lucie(), "lcuie@exemple.invalid", "48151623")
    asked = {f"{name}@exemple.invalid": code for name, code in (("one", "59260734"), ("two", "60371845"))}
    await asyncio.gather(*(scene.create(lucie(), address, code) for address, code in asked.items()))
    assert await scene.told() == ["AccountCreated"] * 3
    held = (await scene.profile(lucie())).email
    assert held
    created = await scene.last(AccountCreated)
    assert created.email == sealed(held.address)
    await scene.create(marc(), "lcuie@exemple.invalid", "71482956")
    assert (await scene.last(AccountCreated)).person_id == MARC
    [void] = [code for address, code in asked.items() if address != held.address]
    for code in (void, "48151623"):
        with pytest.raises(InvalidCredentials):
            await scene.log_in(lucie().nir, code)
    assert await scene.log_in(lucie().nir, asked[held.address])
    assert await service.database["accounts"].count({}) == 2


async def test_an_account_that_is_opened_while_its_address_is_asked_for_is_open_or_has_given_way(scene: Scene) -> None:
    now = clock.now()
    await scene.register(lucie(), marc())
    await scene.create(marc(), "home@exemple.invalid", "48151623", now=now - timedelta(minutes=31))
    opened, _ = await asyncio.gather(
        scene.log_in(marc().nir, "48151623", now=now),
        scene.create(lucie(), "home@exemple.invalid", "59260734", now=now),
        return_exceptions=True,
    )
    told = await scene.told()
    if isinstance(opened, Session):
        assert told == ["AccountCreated", "EmailValidated", "LoggedIn", "AccountCreationAttempted:email-taken"]
    else:
        assert isinstance(opened, InvalidCredentials)
        assert told == ["AccountCreated", "AccountClosed:never-opened", "AccountCreated"]


@pytest.mark.parametrize("number", [lucie().nir, UNKNOWN], ids=["known", "unknown"])
async def test_of_twenty_wrong_proofs_at_once_three_are_judged(number: Nir, scene: Scene, service: Service) -> None:
    await scene.insure(with_card(lucie()))
    await asyncio.gather(*(create_in_app(scene, number, WRONG) for _ in range(20)))
    [counted] = await service.database["proofs"].find({})
    assert counted["count"] == 3
    assert number.body not in str(counted)


async def test_a_proof_reads_and_writes_alike_known_certified_or_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.insure(with_card(lucie(id=uuid4(), nir=OLD)), with_card(marc()))
    [insured] = [person for person in [await scene.run(_insured, OLD)] if person]
    await scene.insure(with_card(lucie(id=insured.id, nir=lucie().nir)))
    counted: list[str] = []
    for name in ("find_one", "find", "insert", "update", "replace", "delete"):
        _count(monkeypatch, name, counted)
    traces = []
    for number in (marc().nir, UNKNOWN, OLD):
        counted.clear()
        await create_in_app(scene, number, WRONG)
        traces.append(tuple(counted))
    assert len(set(traces)) == 1
    assert traces[0].count("insert") == 1


async def _insured(number: Nir, store: Store) -> InsuredPerson | None:
    return await store.insured(number)


def _count(monkeypatch: pytest.MonkeyPatch, name: str, counted: list[str]) -> None:
    real = getattr(Collection, name)

    async def counting(self: Collection, *args: object, **kwargs: object) -> object:
        counted.append(name)
        return await real(self, *args, **kwargs)

    monkeypatch.setattr(Collection, name, counting)


async def test_after_the_purge_nothing_is_kept_of_accounts_that_nobody_opened(
    scene: Scene, service: Service, work: Work[Store]
) -> None:
    crowd, long_ago = people(51), clock.now() - timedelta(days=3)
    await scene.insure(*map(with_card, crowd))
    await scene.insure(with_card(marc()))
    await scene.create(marc(), "marc@exemple.invalid", "48151623")
    await scene.log_in(marc().nir, "48151623", "opened")
    before = await kept(service)
    for number, each in enumerate(crowd):
        await create_in_app(scene, each.nir, address=f"nobody-{number}@exemple.invalid", now=long_ago)
    assert (await kept(service))[0] == before[0] + 51

    processes = [Purge(timedelta()) for _ in range(3)]
    while any(await asyncio.gather(*(purge(work) for purge in processes))):
        pass
    assert await kept(service) == before
    assert (await scene.told()).count("AccountClosed:never-opened") == 51
    closed = [each.person_id for each in await published(service) if type(each).__name__ == "AccountClosed"]
    assert len(set(closed)) == 51


async def kept(service: Service) -> Sequence[int]:
    return [await service.database[name].count({}) for name in KEPT]


async def test_no_number_serial_or_address_is_in_the_database_in_clear(scene: Scene, service: Service) -> None:
    await scene.insure(with_card(lucie(nir=OLD)))
    await scene.insure(with_card(lucie()))
    await create_in_app(scene, OLD, address="canary@exemple.invalid")
    await create_in_app(scene, lucie().nir, WRONG, address="canary-2@exemple.invalid")
    stored = [str(each) for name in INDEXES for each in await service.database[name].find({})]
    assert len([each for each in stored if LUCIE.hex in each.replace("-", "")]) >= 2
    for canary in ("8960699351906", "2850329990901", "DEMO00115", "9000000001", "canary", "exemple|1985"):
        assert not any(canary in each for each in stored), canary
