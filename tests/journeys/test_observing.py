"""What operators see: every span of a real run is declared, and a business id finds its trace."""

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import aiohttp

from chassis.telemetry import ATTRIBUTES, SPANS
from tests.infra import until
from tests.world import World


def spans(world: World) -> Iterator[dict[str, Any]]:
    for path in world.data.glob("traces*.ndjson"):
        for line in path.read_text().splitlines():
            yield json.loads(line)


async def test_every_span_of_a_journey_and_all_its_attributes_are_declared(world: World) -> None:
    await world.walk()
    seen = list(spans(world))
    assert {str(span["name"]).partition(" ")[0] for span in seen} == set(SPANS)
    undeclared = {name for span in seen for name in span["attributes"]} - ATTRIBUTES
    assert not undeclared
    assert not [span for span in seen if span.get("events")], "exception texts would travel in events"


async def test_a_request_number_and_a_person_find_their_trace(world: World) -> None:
    journey = await world.walk()
    wanted = {"compte.request_id": journey.request["request_id"]}

    async def found() -> bool:
        tags = urllib.parse.quote(json.dumps(wanted))
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{world.stack.traces}/api/traces?service=procedures&tags={tags}") as response,
        ):
            traces = (await response.json())["data"]
        return journey.traces["commande d'une carte Vitale"] in {trace["traceID"] for trace in traces}

    await until(found, "the trace of the request")


async def test_every_service_says_how_old_its_outbox_is_and_how_its_routes_answer(world: World) -> None:
    async with aiohttp.ClientSession() as http:
        for service in world.stack.services.values():
            async with http.get(f"{service.url}/metrics") as response:
                text = await response.text()
            assert "compte_outbox_oldest_seconds" in text
            assert "compte_request_seconds" in text
