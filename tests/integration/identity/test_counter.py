"""The commands of an agent at the counter, on the running service's database."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from chassis.inbox import Record
from chassis.mongo import DatabaseDown
from chassis.work import Work
from contracts.identity import CodeReset, ReviewDecided, ReviewRead
from services.identity.counter import NOT_WAITING, WRONG_INPUT, Counter
from services.identity.domain.federation import Review
from services.identity.domain.recovery import NO_ACCOUNT
from services.identity.handlers import Store
from tests.integration.identity.device import NIR, Client, events
from tests.integration.identity.test_profile_api import empty_inbox
from tests.integration.identity.test_register import environment, run
from tests.unit.identity.fakes import LUCIE, MARC, NOW, lucie
from tests.unit.identity.scenarios.federation import identity_of


class Agent:
    """Somebody who types answers and reads what is said."""

    def __init__(self, client: Client) -> None:
        issue, seal = client.app.state.parts.codes.issue, client.app.state.service.sealer.seal
        self._typed: list[str] = []
        self.read: list[str] = []
        self.counter = Counter(client.app.state.work, issue, seal, lambda _: self._typed.pop(0), self.read.append)

    async def restore(self, number: str, address: str) -> int:
        self._typed = [f"{number}\n", f"{address}\n"]
        return await self.counter.restore()


async def test_a_code_goes_to_the_address_and_opens_the_account(client: Client) -> None:
    await client.open_account("7294")
    agent = Agent(client)
    assert await agent.restore(NIR, "Other@Exemple.invalid") == 0
    assert "Other" not in agent.read[-1]
    assert (await client.refresh()).status_code == 401
    assert (await client.log_in("7294")).status_code == 401
    another = client.another()
    assert (await another.log_in(await client.mailed_code(CodeReset))).status_code == 200
    assert another.session["code_change_required"]


@pytest.mark.parametrize(
    ("number", "address", "why"),
    [
        ("1", "a@exemple.invalid", WRONG_INPUT),
        (NIR, "nowhere", WRONG_INPUT),
        (NIR, "a@exemple.invalid", NO_ACCOUNT),
        ("2 85 03 29 990 026 97", "a@exemple.invalid", NO_ACCOUNT),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(
    client: Client, number: str, address: str, why: str
) -> None:
    agent = Agent(client)
    assert await agent.restore(number, address) == 1
    assert agent.read == [why]


async def ask_about_lucie_and_marc(client: Client) -> None:
    """FranceConnect named somebody who may be either."""

    async def step(_: None, store: Store) -> None:
        await store.save_review(Review("subject", identity_of(lucie()), (LUCIE, MARC), NOW))

    await client.app.state.work(step, None)


async def test_an_agent_who_looks_and_decides_is_in_the_access_log_of_whom_it_is_about(client: Client) -> None:
    await client.open_account()
    await ask_about_lucie_and_marc(client)
    agent = Agent(client)
    assert await agent.counter.reviews() == 0
    assert agent.read[0].count(str(MARC)) == 1
    assert agent.read[1:] == ["1 en attente"]
    assert await agent.counter.decide("subject", str(MARC)) == 0
    inbox = await empty_inbox(client)
    for row in await client.app.state.service.database["outbox"].find({}, sort=("_id",)):
        await inbox.receive(Record("identity.events", 0, 0, row["key"], row["value"]))
    [denied, read, *_] = (await client.call("GET", "/me/access-log")).json()["entries"]
    assert (read["what"], read["who"]) == ("review-read", "agent")
    assert (denied["what"], denied["who"]) == ("review-denied", "agent")
    assert read["label"].endswith("(un agent de votre caisse).")
    told = [(type(each), each.person_id) for each in await events(client.app)]
    assert told[-4:] == [(ReviewRead, LUCIE), (ReviewRead, MARC), (ReviewDecided, LUCIE), (ReviewDecided, MARC)]


async def test_nobody_is_shown_to_an_agent_whose_look_cannot_be_told(client: Client) -> None:
    await ask_about_lucie_and_marc(client)
    agent, mute = Agent(client), Mute(client.app.state.work)
    agent.counter = replace(agent.counter, work=cast("Work[Any]", mute))
    with pytest.raises(DatabaseDown):
        await agent.counter.reviews()
    assert agent.read == []


class Mute:
    """A unit of work that reads and cannot commit."""

    def __init__(self, work: Work[Any]) -> None:
        self.read = work.read

    async def __call__(self, *_: object) -> None:
        raise DatabaseDown


async def test_a_question_that_nobody_asked_is_not_decided(client: Client) -> None:
    agent = Agent(client)
    assert await agent.counter.reviews() == 0
    for person in ("nobody", "5", "00000000-0000-0000-0000-000000000000"):
        assert await agent.counter.decide("none", person) == 1
    assert agent.read == ["0 en attente", *[NOT_WAITING] * 3]


async def test_the_commands_run_as_a_program(mongodb_url: str, folder: Path) -> None:
    settings = environment(mongodb_url)
    assert (await run(settings, "reviews"))[:2] == (0, "0 en attente\n")
    assert (await run(settings, "decide"))[0] == 2
    assert (await run({**settings, "IDENTITY_MONGODB_URL": "mongodb://127.0.0.1:1"}, "reviews"))[0] == 1
