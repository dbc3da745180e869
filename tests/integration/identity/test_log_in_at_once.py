"""Many log-ins at the same moment: codes are judged no more often than one after the other (reliability A1, A13)."""

import asyncio
from typing import Any

import pytest

from chassis.service import Service
from chassis.work import Work
from contracts.identity import LoggedIn
from services.identity import handlers
from services.identity.domain.access_code import AccessCode
from services.identity.domain.challenge import ChallengeRefused
from services.identity.domain.log_in import Begun
from services.identity.domain.session import Client
from services.identity.domain.throttle import TooManyAttempts
from services.identity.handlers import Store
from tests.unit.identity.fakes import LUCIE, NOW, SECOND, hash_of, lucie, marc
from tests.unit.identity.scene import Scene, session_id


async def opened(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.open_account(lucie(), "lucie@exemple.invalid", "7294")


async def test_one_provisional_code_used_fifty_times_at_once_opens_one_session(
    scene: Scene, service: Service, work: Work[Store]
) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")

    async def use(number: int) -> bool:
        name = str(number)
        command = handlers.LogIn(
            nir=lucie().nir,
            begun=Begun((hash_of("48151623"),), None, 0, known=False),
            matched=hash_of("48151623"),
            visit=handlers.Visit(Client.WEB, None, session_id(f"device {name}")),
            session_id=session_id(name),
            refresh_hash=f"token {name}",
            challenge_hash=name,
            second=None,
            rehashed=None,
            now=NOW,
        )
        return await work(handlers.log_in, command) is not None

    won = await asyncio.gather(*(use(number) for number in range(50)))
    assert won.count(True) == 1
    assert (await scene.told()).count("LoggedIn") == 1
    for name in ("sessions", "refresh_tokens", "devices"):
        assert await service.database[name].count({}) == 1


@pytest.mark.parametrize("person", [lucie(), marc()], ids=["known", "unknown"])
async def test_of_thirty_tries_at_once_five_are_judged(person: Any, scene: Scene, work: Work[Store]) -> None:
    await opened(scene)

    async def begin() -> bool:
        try:
            await work(handlers.begin_log_in, handlers.BeginLogIn(person.nir, AccessCode("9999"), None, NOW))
        except TooManyAttempts:
            return False
        return True

    assert (await asyncio.gather(*(begin() for _ in range(30)))).count(True) == 5


async def test_of_fifty_tries_at_once_on_a_known_device_five_are_judged_and_the_number_counts_none(
    scene: Scene, service: Service
) -> None:
    await opened(scene)

    async def counted() -> list[object]:
        return [row["own"] for row in await service.database["attempts"].find({}, sort=("_id",))]

    before = await counted()

    async def guess(number: int) -> bool:
        try:
            assert await scene.try_log_in(lucie().nir, "9999", str(number)) is None
        except TooManyAttempts:
            return False
        return True

    assert (await asyncio.gather(*(guess(number) for number in range(50)))).count(True) == 5
    assert await counted() == before
    [device] = await service.database["devices"].find({"person_id": str(LUCIE)})
    assert device["attempts"]["own"]["count"] == 5


async def test_of_thirty_second_codes_at_once_five_are_judged(scene: Scene, work: Work[Store]) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone")
    begun = handlers.BeginAnswer("phone", Client.WEB, session_id("phone"), NOW)
    compared = await asyncio.gather(*(work(handlers.begin_answer, begun) for _ in range(30)))
    assert compared.count(hash_of(SECOND)) == 5


async def test_wrong_second_codes_at_once_are_each_told_once(scene: Scene) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone")

    async def guess(code: int) -> None:
        with pytest.raises(ChallengeRefused):
            await scene.answer("phone", f"{code:06}", "phone", device="phone")

    await asyncio.gather(*(guess(code) for code in range(20)))
    assert await scene.try_log_in(lucie().nir, "7294", "home")
    assert (await scene.last(LoggedIn)).failed_attempts_since == 5


async def test_one_second_code_used_twenty_times_at_once_opens_one_session(scene: Scene, work: Work[Store]) -> None:
    await opened(scene)
    await scene.try_log_in(lucie().nir, "7294", "phone", device="phone")

    async def use(number: int) -> bool:
        name = str(number)
        right = hash_of(SECOND)
        command = handlers.AnswerChallenge("phone", right, right, session_id(name), f"token {name}", NOW)
        return await work(handlers.answer_challenge, command) is not None

    assert (await asyncio.gather(*(use(number) for number in range(20)))).count(True) == 1
