"""The home page through the API: from events to prepared bytes, whatever else is down."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from chassis.inbox import Outcome
from contracts.identity import CodeReset, ResetReason
from services.gateway.rebuild import rebuild, sound
from tests.integration.gateway.world import World, an_envelope
from tests.unit.gateway.builders import LUCIE, NOW, SEALED, a_login, a_payment, an_account, an_order

HOME = "/api/v1/home"


async def test_events_are_on_the_home_page_of_both_channels(gateway: World) -> None:
    await gateway.hear(an_account(), 1)
    await gateway.hear(a_login(previous=datetime(2019, 6, 20, 13, 38, tzinfo=UTC)), 2)
    await gateway.hear(a_payment(), 1)
    await gateway.hear(an_order(), 1)

    for client in (gateway.browser(), gateway.phone()):
        answer = await client.get(HOME)
        page = answer.json()
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert page["account"]["last_name"] == "EXEMPLE"
        assert page["previous_login"]["label"].startswith("Dernière connexion : 20/06/2019 à 15:38")
        assert [line["amount_cents"] for line in page["latest_payments"]["payments"]] == [1600]
        assert [line["tracking_number"] for line in page["requests_in_progress"]["requests"]] == ["D-1"]
        assert {entry["route"] for entry in page["menu"]["entries"]} >= {HOME, "/api/v1/payments"}


async def test_a_repeated_event_is_dropped_and_a_gap_waits(gateway: World) -> None:
    assert await gateway.hear(a_payment(1), 1) is Outcome.DONE
    assert await gateway.hear(a_payment(1), 1) is Outcome.SKIPPED
    assert await gateway.hear(a_payment(3), 3) is Outcome.PARKED


async def test_with_every_service_stopped_the_home_page_answers_within_100_ms(gateway: World) -> None:
    await gateway.hear(an_account(), 1)
    assert (await gateway.browser().get(HOME)).status_code == 200
    gateway.services.hanging = {"identity", "payments", "procedures", "notifications"}

    seconds = []
    for _ in range(3):
        again = await gateway.restarted()
        started = time.perf_counter()
        answer = await again.browser().get(HOME)
        seconds.append(time.perf_counter() - started)
        assert answer.json()["account"]["as_of"] == "2026-11-24T10:00:00Z"
        await again.close()

    assert min(seconds) < 0.1
    assert [each.path for each in gateway.services.seen] == ["/jwks"]


async def test_a_person_whose_events_have_not_arrived_gets_a_page_that_says_so(gateway: World) -> None:
    page = (await gateway.browser().get(HOME)).json()
    assert (page["as_of"], page["account"]["status"]) == (None, "unavailable")


async def test_a_read_after_a_write_waits_until_the_page_has_seen_it(gateway: World) -> None:
    await gateway.hear(an_account(), 1)
    reading = asyncio.create_task(gateway.browser().get(HOME, headers={"X-Read-After": "procedures=1,identity=1"}))
    await asyncio.sleep(0.1)
    assert not reading.done()

    await gateway.hear(an_order(), 1)

    page = (await reading).json()
    assert page["requests_in_progress"]["status"] == "ok"
    assert len(page["requests_in_progress"]["requests"]) == 1


async def test_a_read_after_counts_events_that_the_page_does_not_show(gateway: World) -> None:
    await gateway.hear(an_account(), 1)
    reset = CodeReset(person_id=LUCIE, reason=ResetReason.FORGOTTEN, provisional_code=SEALED, code_expires_at=NOW)
    await gateway.hear(reset, 2)
    page = (await gateway.browser().get(HOME, headers={"X-Read-After": "identity=2"})).json()
    assert page["account"]["status"] == "ok"


async def test_a_write_that_does_not_arrive_in_two_seconds_leaves_its_blocks_stale(
    gateway: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.api.home.PAUSES", (0.01, 0.01))
    await gateway.hear(an_account(), 1)
    page = (await gateway.browser().get(HOME, headers={"X-Read-After": "procedures=1"})).json()
    assert page["requests_in_progress"]["status"] == "stale"
    assert page["account"]["status"] == "ok"


@pytest.mark.parametrize("header", ["x", "identity=٣", "identity=1;", "$where=1", "identity=" + "9" * 30, "a" * 9000])
async def test_an_unreadable_read_after_is_refused(gateway: World, header: str) -> None:
    answer = await gateway.browser().get(HOME, headers=[(b"X-Read-After", header.encode())])
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/unreadable-read-after"


async def test_a_rebuilt_home_page_is_the_kept_one_and_repairs_a_wrong_one(gateway: World) -> None:
    story = [(an_account(), 1), (a_login(), 2), (a_payment(1), 1), (a_payment(2), 2), (an_order(), 1)]
    for event, sequence in story:
        await gateway.hear(event, sequence)

    async def log() -> object:
        for event, sequence in [*reversed(story), *story]:
            yield an_envelope(event, sequence)

    assert await rebuild(log(), gateway.work, verify=True) == {"same": 1}  # type: ignore[arg-type]
    await gateway.app.state.service.database["home"].update({"_id": str(LUCIE)}, {"$set": {"web": b"{}"}})
    wrong = await rebuild(log(), gateway.work, verify=True)  # type: ignore[arg-type]
    assert (wrong, sound(wrong)) == ({"different": 1}, False)
    assert await rebuild(log(), gateway.work, verify=False) == {"replaced": 1}  # type: ignore[arg-type]
    assert sound(await rebuild(log(), gateway.work, verify=True))  # type: ignore[arg-type]


async def test_a_log_that_has_lost_events_proves_and_repairs_nothing(gateway: World) -> None:
    await gateway.hear(a_payment(1), 1)
    await gateway.hear(a_payment(2), 2)

    async def log() -> object:
        yield an_envelope(a_payment(2), 2)

    count = await rebuild(log(), gateway.work, verify=False)  # type: ignore[arg-type]
    assert (count, sound(count)) == ({"gap": 1}, False)
    assert len((await gateway.browser().get(HOME)).json()["latest_payments"]["payments"]) == 2
