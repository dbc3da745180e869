"""Whose address it is: laws of any number of requests by any number of people (domain F09)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import AccountClosed, AccountCreated, CodeReset
from contracts.parameters import Parameter
from services.identity import handlers
from services.identity.domain import nir
from services.identity.domain.parameters import BUILT_IN, Parameters
from tests.unit.identity.fakes import NOW, RULES, FakeStore, lucie
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE
from tests.unit.identity.scene import fake_scene

PEOPLE = [lucie(id=UUID(int=number), nir=nir.parse(f"2850329990{number:03}")) for number in (1, 2, 3)]
ADDRESSES = [f"{name}@exemple.invalid" for name in "abcdefgh"]
MAILS_A_DAY = 1 + RULES.get("mail.resets-a-day", NOW)


@dataclass(frozen=True)
class Step:
    """After a while a person fills in the form; or, without address, opens the account with its newest code."""

    person: int
    address: str | None
    after: timedelta = timedelta(0)
    right: bool = True


def steps(addresses: Sequence[str]) -> st.SearchStrategy[list[Step]]:
    """Enough of them, and close enough together, to meet every limit of a day."""
    step = st.builds(
        Step,
        person=st.integers(0, 2),
        address=st.sampled_from([*addresses, *addresses, None]),
        after=st.sampled_from([timedelta(0), timedelta(0), 10 * MINUTE, 40 * MINUTE, 23 * HOUR]),
        right=st.sampled_from([True, True, True, False]),
    )
    return st.lists(step, min_size=15, max_size=40)


class Town:
    """Three people and one store. `opened` is who opened an account, and at which address.

    First codes live `life` minutes.
    """

    def __init__(self, life: int = 24 * 60) -> None:
        self.store = FakeStore()
        lives = Parameter("code.provisional.creation-minutes", NOW.date(), life, "a test")
        self.store.parameters = Parameters((*BUILT_IN, lives))
        self.scene = fake_scene(self.store)
        self.opened: dict[UUID, str] = {}
        self.now = NOW

    async def walk(self, steps: Sequence[Step]) -> AsyncIterator[None]:
        """Take the steps, and what the repeated task does, and stop after each."""
        await self.scene.register(*PEOPLE)
        for number, each in enumerate(steps):
            self.now += each.after
            await self._take(each, f"{number:08}")
            for person_id in await self.scene.run(handlers.find_unopened, handlers.FindUnopened(50, self.now)):
                await self.scene.run(handlers.close_unopened, handlers.CloseUnopened(person_id, self.now))
            yield

    async def _take(self, step: Step, code: str) -> None:
        person = PEOPLE[step.person]
        account = self.store.accounts.get(person.id)
        if step.address:
            but = {} if step.right else {"postal_code": "75001"}
            await self.scene.create(person, step.address, code, now=self.now, **but)
        elif account and account.pending and account.provisional and account.provisional.expires_at > self.now:
            newest = account.provisional.hash.removeprefix("hash:")
            await self.scene.log_in(person.nir, newest, code, now=self.now, device=code)
            self.opened[person.id] = self.store.emails[person.id].address


@given(steps(ADDRESSES[:2]))
def test_an_address_is_one_account_and_whoever_opened_one_keeps_theirs(taken: Sequence[Step]) -> None:
    async def law(town: Town) -> None:
        async for _ in town.walk(taken):
            keys = [each.key for each in town.store.emails.values()]
            assert len(keys) == len(set(keys))
            assert {person: town.store.emails[person].address for person in town.opened} == town.opened

    asyncio.run(law(Town()))


@given(steps(ADDRESSES[:3]))
def test_the_newest_code_went_to_the_address_that_the_account_has_and_a_closed_one_has_neither(
    taken: Sequence[Step],
) -> None:
    async def law(town: Town) -> None:
        async for _ in town.walk(taken):
            said = [each for each in town.store.events if isinstance(each, AccountCreated | AccountClosed)]
            last = {each.person_id: each for each in said}
            for person in PEOPLE:
                account, email = town.store.accounts.get(person.id), town.store.emails.get(person.id)
                created = last.get(person.id)
                if isinstance(created, AccountCreated):
                    assert account
                    assert account.provisional
                    assert (email and email.address) == (created.email and created.email.ciphertext)
                else:
                    assert (email, account and account.provisional) == (None, None)

    asyncio.run(law(Town()))


@given(steps(ADDRESSES), st.sampled_from([24 * 60, 15]))
def test_a_person_causes_four_mails_with_a_code_a_day_however_many_take_turns_and_however_soon_an_account_ends(
    taken: Sequence[Step], life: int
) -> None:
    async def law(town: Town) -> None:
        sent: list[tuple[UUID, datetime]] = []
        async for _ in town.walk(taken):
            coded = [each for each in town.store.events if isinstance(each, AccountCreated | CodeReset)]
            sent += [(each.person_id, town.now) for each in coded[len(sent) :]]
            recent = [who for who, at in sent if town.now - at < DAY]
            assert all(recent.count(person.id) <= MAILS_A_DAY for person in PEOPLE)

    asyncio.run(law(Town(life)))


@pytest.mark.parametrize("wait", [30 * MINUTE, HOUR, DAY, 3 * DAY])
def test_nobody_keeps_another_from_their_own_address_for_longer_than_half_an_hour(wait: timedelta) -> None:
    squats = [Step(0, ADDRESSES[0]), Step(2, ADDRESSES[0], 10 * MINUTE)]
    asks = [Step(1, ADDRESSES[0]), Step(1, ADDRESSES[0], wait)]

    async def law(town: Town) -> None:
        async for _ in town.walk([*squats, *asks, squats[0], Step(1, None)]):
            pass
        assert town.opened == {PEOPLE[1].id: ADDRESSES[0]}

    asyncio.run(law(Town()))
