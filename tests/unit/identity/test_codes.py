"""Hashing and comparing codes: what is stored, and that nothing tells a missing code from a wrong one."""

import asyncio
import base64
import json
import time
from statistics import median

import anyio
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from chassis.sealed import Sealer
from contracts.problems import Unavailable
from services.identity.codes import Codes
from services.identity.domain.access_code import AccessCode
from services.identity.settings import OlderPepper, Settings
from tests.unit.identity.fakes import NOW, RULES

KEY = ECKey.generate_key("P-256", {"kid": "notifications"})
SEALER = Sealer(json.dumps({"keys": [KEY.as_dict(private=False)]}), json.dumps(KEY.as_dict(private=True)))
PEPPER, OTHER_PEPPER = (base64.b64encode(letter * 32).decode() for letter in (b"p", b"q"))


@pytest.fixture(scope="module")
def codes() -> Codes:
    return Codes({1: PEPPER}, SEALER, RULES)


async def test_a_code_matches_its_own_hash_only(codes: Codes) -> None:
    code = AccessCode("7294")
    stored, other = await codes.hash(code), await codes.hash(AccessCode("6283"))
    assert await codes.matching((other, None, stored), code) == stored
    assert await codes.matching((other, None), code) is None
    assert await codes.matching((None,), code) is None
    assert await codes.matching((), code) is None
    assert await codes.matching((stored,), None) is None


async def test_a_hash_is_argon2id_with_the_agreed_cost_and_a_salt_of_its_own(codes: Codes) -> None:
    first, second = await codes.hash(AccessCode("7294")), await codes.hash(AccessCode("7294"))
    assert first.startswith("1:$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


async def test_without_the_pepper_no_code_matches(codes: Codes) -> None:
    other = Codes({1: OTHER_PEPPER}, SEALER, RULES)
    assert await other.matching((await codes.hash(AccessCode("7294")),), AccessCode("7294")) is None


async def test_a_code_opens_with_the_pepper_it_was_hashed_with_and_is_hashed_anew_with_the_newest(codes: Codes) -> None:
    code, rotated = AccessCode("7294"), Codes({1: PEPPER, 2: OTHER_PEPPER}, SEALER, RULES)
    old = await codes.hash(code)
    assert await rotated.matching((old,), code) == old
    assert await rotated.matching((old,), AccessCode("6283")) is None
    new = await rotated.rehashed(old, code)
    assert new
    assert new.startswith("2:$argon2id$")
    assert await rotated.matching((new,), code) == new
    assert await rotated.rehashed(new, code) is None
    assert await rotated.rehashed(None, code) is None
    retired = Codes({2: OTHER_PEPPER}, SEALER, RULES)
    assert await retired.matching((old,), code) is None
    assert await retired.matching((new,), code) == new


def test_the_present_pepper_has_the_highest_version() -> None:
    before = OlderPepper(version=1, key=SecretStr(PEPPER))
    settings = Settings.model_construct(pepper=SecretStr(OTHER_PEPPER), pepper_version=2, previous_peppers=(before,))
    assert settings.peppers == {1: PEPPER, 2: OTHER_PEPPER}
    with pytest.raises(ValueError, match="IDENTITY_PEPPER_VERSION"):
        _ = settings.model_copy(update={"pepper_version": 1}).peppers


async def test_a_second_code_is_drawn_only_where_it_is_needed(codes: Codes) -> None:
    assert await codes.second(NOW, needed=False) is None
    issued = await codes.second(NOW, needed=True)
    assert issued
    assert len(SEALER.open(issued.sealed)) == 6


async def test_a_provisional_code_has_8_digits_and_is_readable_by_its_addressee_alone(codes: Codes) -> None:
    issued = await codes.issue(NOW)
    digits = SEALER.open(issued.sealed)
    assert len(digits) == 8
    assert digits.isdigit()
    assert await codes.matching((issued.hash,), AccessCode(digits)) == issued.hash
    assert digits not in f"{issued!r}{issued.sealed.model_dump_json()}"
    assert (await codes.issue(NOW)).hash != issued.hash


async def test_a_missing_code_takes_as_long_as_a_wrong_one(codes: Codes) -> None:
    stored, wrong = await codes.hash(AccessCode("7294")), AccessCode("6283")
    took: dict[str | None, list[float]] = {None: [], stored: []}
    for _ in range(12):
        for candidate, times in took.items():
            started = time.perf_counter()
            await codes.matching((candidate,), wrong)
            times.append(time.perf_counter() - started)
    missing, present = (median(times) for times in took.values())
    assert 0.5 < missing / present < 2


async def test_the_event_loop_goes_on_while_a_code_is_hashed(codes: Codes) -> None:
    hashing, turns = asyncio.create_task(codes.hash(AccessCode("7294"))), 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_when_too_many_wait_the_next_is_sent_away(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.identity.codes.MOST_WAITING", 5)
    refused = 0

    async def once() -> None:
        nonlocal refused
        try:
            await codes.hash(AccessCode("7294"))
        except Unavailable:
            refused += 1

    async with anyio.create_task_group() as group:
        for _ in range(2 + 5 + 3):
            group.start_soon(once)
    assert refused == 3
    assert await codes.hash(AccessCode("7294"))
