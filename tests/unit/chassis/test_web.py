"""What the HTTP side of every service says of its own accord."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient

from chassis import telemetry
from chassis.app import bare_app
from chassis.health import Health, health_router
from chassis.web import Observe

things = APIRouter(prefix="/things")


@things.get("/{thing_id}")
async def read(thing_id: str) -> str:
    return thing_id


@things.delete("/{thing_id}")
async def remove(thing_id: str) -> str:
    return thing_id


@things.put("/newest")
async def renew() -> str:
    return "renewed"


@pytest.mark.parametrize(("path", "allowed"), [("/things/oldest", "DELETE, GET"), ("/things/newest", "PUT")])
async def test_a_method_that_is_not_there_is_told_which_are(path: str, allowed: str) -> None:
    async with AsyncClient(transport=ASGITransport(app=bare_app("toy", [things])), base_url="http://toy") as client:
        refused = await client.request("TRACE", path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert refused.headers["content-type"] == "application/problem+json"


async def observed(methods: Iterable[str], path: str = "/things/oldest") -> str:
    """What is scraped after these methods were asked for."""
    app = bare_app("toy", [things, health_router(Health(None, None))])  # type: ignore[arg-type]
    app.add_middleware(Observe, trusts_caller=False)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://toy") as client:
        for each in methods:
            await client.request(each, path)
        return (await client.get("/metrics")).text


async def test_invented_methods_and_paths_make_no_more_series_than_one() -> None:
    before = await observed(["BREW"])
    invented = [f"X{n:x}" for n in range(50)]
    after = await observed(invented)
    for n in range(20):
        after = await observed(["GET"], f"/things/invented-{n}")
        after = await observed(["GET"], f"/invented-{n}")
    assert 'method="other"' in after
    assert 'route="/things/{thing_id}"' in after
    assert not [each for each in ("BREW", "invented", *(f'"{each}"' for each in invented)) if each in after]
    assert after.count("compte_request_seconds_count{") <= before.count("compte_request_seconds_count{") + 2


async def test_an_invented_method_names_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    names, span = [], telemetry.span

    def noting(kind: str, name: str, **more: Any) -> Any:
        names.append(f"{kind} {name}")
        return span(kind, name, **more)

    monkeypatch.setattr(telemetry, "span", noting)
    await observed(["BREW", "GET", "get", "TRACE"])
    assert names == ["receive other", "receive GET", "receive GET", "receive other"]


async def test_measures_are_written_outside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def written() -> bytes:
        threads.append(threading.current_thread())
        return b""

    monkeypatch.setattr("chassis.health.generate_latest", written)
    await observed([])
    [one] = threads
    assert one is not threading.current_thread()
