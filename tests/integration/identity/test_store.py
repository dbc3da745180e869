"""The same scenarios on MongoDB as on the fake store, and what only the real one can show."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from chassis.app import CHASSIS_INDEXES
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.work import Work
from contracts.event import EVENT_TYPES, Event
from services.identity import handlers
from services.identity.domain.access_code import AccessCode
from services.identity.domain.account import InvalidCredentials
from services.identity.domain.insured import RegisterEntry
from services.identity.domain.session import Client
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers import Store
from services.identity.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.identity.fakes import NOW, RULES, Scene, hash_of, lucie, marc, session_id
from tests.unit.identity.scenarios import SCENARIOS, Scenario


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def service(mongodb_url: str) -> AsyncIterator[Service]:
    async for service in fresh_service("identity", mongodb_url):
        for indexes in (*CHASSIS_INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def work(service: Service) -> Work[Store]:
    """The unit of work on emptied collections."""
    for name in (*INDEXES, "outbox", "sequences", "answers"):
        await service.database[name].delete({})
    store = partial(MongoStore, cipher=service.cipher, parameters=RULES)
    return Work(service.database, service.source, store, service.wake)


async def published(service: Service) -> Sequence[Event]:
    rows = await service.database["outbox"].find({}, sort=("_id",))
    return [EVENT_TYPES[row["type"]].read(envelope_of(row).data) for row in rows]


@pytest.fixture
def scene(service: Service, work: Work[Store]) -> Scene:
    async def run(handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        return await work(handler, command)

    return Scene(run, partial(published, service))


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.__name__)
async def test_on_the_real_store(told: Scenario, scene: Scene) -> None:
    await told(scene)


async def test_one_provisional_code_used_fifty_times_at_once_opens_one_session(
    scene: Scene, service: Service, work: Work[Store]
) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")

    async def use(number: int) -> bool:
        command = handlers.LogIn(
            lucie().nir, hash_of("48151623"), Client.WEB, session_id(str(number)), f"token {number}", NOW
        )
        try:
            await work(handlers.log_in, command)
        except InvalidCredentials:
            return False
        return True

    won = await asyncio.gather(*(use(number) for number in range(50)))
    assert won.count(True) == 1
    assert (await scene.told()).count("LoggedIn") == 1
    assert await service.database["sessions"].count({}) == await service.database["refresh_tokens"].count({}) == 1


@pytest.mark.parametrize("person", [lucie(), marc()], ids=["known", "unknown"])
async def test_of_thirty_tries_at_once_five_are_judged(person: Any, scene: Scene, work: Work[Store]) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")

    async def begin() -> bool:
        try:
            await work(handlers.begin_log_in, handlers.BeginLogIn(person.nir, AccessCode("9999"), NOW))
        except TooManyAttempts:
            return False
        return True

    assert (await asyncio.gather(*(begin() for _ in range(30)))).count(True) == 5


async def test_two_people_who_give_one_email_at_once_get_one_account(scene: Scene) -> None:
    await scene.register(lucie(), marc())
    await asyncio.gather(
        scene.create(lucie(), "home@exemple.invalid", "48151623"),
        scene.create(marc(), "home@exemple.invalid", "59260734"),
    )
    assert sorted(await scene.told()) == ["AccountCreated", "AccountCreationAttempted:email-taken"]


async def test_ten_creations_of_one_person_at_once_make_one_account(scene: Scene) -> None:
    await scene.register(lucie())
    await asyncio.gather(*(scene.create(lucie(), "lucie@exemple.invalid", "48151623") for _ in range(10)))
    assert sorted(await scene.told()) == ["AccountCreated", *["CodeReset:unused"] * 3]


async def test_no_number_email_or_bank_account_is_in_the_database_in_clear(
    scene: Scene, service: Service, work: Work[Store]
) -> None:
    entry = RegisterEntry(lucie(), "FR5912345123450000DEMO00115", "9000000001")
    assert await work(handlers.import_insured, entry)
    await scene.open_account(lucie(), "canary@exemple.invalid", "7294")
    stored = [str(each) for name in INDEXES for each in await service.database[name].find({})]
    for canary in ("285032999090", "DEMO00115", "9000000001", "canary@"):
        assert not any(canary in each for each in stored), canary
    assert not await work(handlers.import_insured, entry)
