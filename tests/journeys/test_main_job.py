"""From no account to a card on order, through the gateway and the mailbox alone."""

import asyncio
from typing import Any

import pytest

from deploy.demo.people import somebody_new
from tests.infra import until
from tests.world import World


@pytest.mark.parametrize("app", [False, True], ids=["web", "app"])
async def test_the_main_job_is_seen_through_the_public_api_and_the_mailbox(world: World, app: bool) -> None:
    journey = await world.walk(app=app)
    assert all(journey.traces[step] for step in journey.traces if step.startswith(("commande", "création")))


async def test_a_command_sent_twice_has_one_effect_and_one_mail(world: World) -> None:
    person = somebody_new()
    async with world.insured(person) as insured:
        journey = world.journey(person, insured)
        for step in (journey.create, journey.first_log_in, journey.choose_code, journey.log_in):
            await step()
        first = await insured.call("POST", "/requests", {"kind": "vitale-card-order"}, key="click-0001")
        again = await insured.call("POST", "/requests", {"kind": "vitale-card-order"}, key="click-0001")
        assert (first.status, first.body) == (again.status, again.body)
        assert first.status == 202
        other = await insured.call("POST", "/requests", {"kind": "vitale-card-order"}, key="click-0002")
        assert (other.status, other.body["type"]) == (409, "/problems/order-already-in-progress")
        journey.request = {**first.body, "read_after": first.headers["x-read-after"]}
        await journey.see_confirmation()
        ordered = [event for event in await world.events(person.person_id) if "CardOrdered" in event["type"]]
        assert len({event["id"] for event in ordered}) == 1
        confirmations = [mail for mail in await insured.mailbox.mails(insured.email) if "Vitale" in mail["Subject"]]
        assert len(confirmations) == 1


EDGES = [
    ("gateway", "receive POST", "gateway", "call"),
    ("gateway", "call", "procedures", "receive POST"),
    ("procedures", "receive POST", "procedures", "commit"),
    ("procedures", "commit", "procedures", "publish procedures.events"),
    ("procedures", "publish procedures.events", "gateway", "consume procedures.CardOrdered.v1"),
    ("procedures", "publish procedures.events", "notifications", "consume procedures.CardOrdered.v1"),
    ("notifications", "consume procedures.CardOrdered.v1", "notifications", "commit"),
    ("notifications", "commit", "notifications", "send smtp"),
]


async def test_one_trace_holds_the_click_the_commit_the_publish_the_consume_and_the_smtp_reply(world: World) -> None:
    journey = await world.walk()
    click = journey.traces["commande d'une carte Vitale"]

    async def complete() -> bool:
        return not missing_edges(await world.trace(click))

    try:
        await until(complete, "all edges in one trace")
    except AssertionError:
        raise AssertionError(f"missing edges: {missing_edges(await world.trace(click))}") from None


def missing_edges(trace: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    spans = {span["spanID"]: span for span in trace.get("spans", [])}

    def service(span: dict[str, Any]) -> str:
        return str(trace["processes"][span["processID"]]["serviceName"])

    found = set()
    for span in spans.values():
        parent_span = spans.get(span["references"][0]["spanID"]) if span["references"] else None
        if parent_span:
            found.add((service(parent_span), parent_span["operationName"], service(span), span["operationName"]))
    return [
        edge
        for edge in EDGES
        if not any(
            parent == edge[0] and child == edge[2] and above.startswith(edge[1]) and below.startswith(edge[3])
            for parent, above, child, below in found
        )
    ]


async def test_the_home_page_answers_alone_within_100_ms_when_every_other_service_is_silent(world: World) -> None:
    person = somebody_new()
    async with world.insured(person) as insured:
        journey = world.journey(person, insured)
        for step in (journey.create, journey.first_log_in, journey.choose_code, journey.log_in):
            await step()
        clock = asyncio.get_running_loop().time
        with world.frozen("identity", "payments", "procedures", "notifications"):
            await insured.home()
            started = clock()
            home = await insured.home()
            assert clock() - started < 0.1
            assert home["as_of"]
            assert home["account"]["last_name"] == person.birth_last_name
            started = clock()
            answer = await insured.call("GET", "/payments")
            assert answer.status == 503
            assert clock() - started < 2.5
            assert answer.headers["retry-after"]


async def test_the_stored_home_pages_equal_those_rebuilt_from_offset_0(world: World) -> None:
    await world.walk()

    async def equal() -> bool:
        return world.run("gateway", "rebuild", "--verify").returncode == 0

    await until(equal, "the rebuilt home pages equal the stored ones", within=30, every=1)
