"""The access log over HTTP as a file, and what makes it complete: whoever looks at the profile is noted."""

import asyncio
import csv
from io import StringIO

from chassis.clock import today
from chassis.inbox import Record
from chassis.mongo import DatabaseDown
from contracts.identity import ProfileViewed
from tests.integration.identity.device import Client, events
from tests.integration.identity.test_profile_api import empty_inbox
from tests.unit.identity.fakes import LUCIE, MARC

PROFILE = "/me", "/sessions", "/devices", "/me/passkeys"


async def test_the_access_log_can_be_taken_along_as_a_file(client: Client) -> None:
    await client.open_account()
    inbox = await empty_inbox(client)
    for row in await client.app.state.service.database["outbox"].find({}, sort=("_id",)):
        await inbox.receive(Record("identity.events", 0, 0, row["key"], row["value"]))
    shown = (await client.call("GET", "/me/access-log")).json()["entries"]
    answer = await client.call("GET", "/me/access-log", accept="text/csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == f'attachment; filename="acces-a-mes-donnees-{today()}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    heads, *lines = csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert heads[:3] == ["Date et heure (Paris)", "Instant (UTC)", "Quoi"]
    assert [line[2] for line in lines] == [each["label"] for each in shown]
    assert "lucie@" not in answer.text
    english = await client.call("GET", "/me/access-log", accept="text/csv", accept_language="en")
    assert '"By whom"' in english.text
    stranger = Client(client.http, client.app, dict(client.session), MARC)
    assert len((await stranger.call("GET", "/me/access-log", accept="text/csv")).text.splitlines()) == 1
    refused = await client.call("GET", "/me/access-log?cursor=x", accept="text/csv")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


async def test_whoever_looks_at_the_profile_is_noted_once_a_session(client: Client) -> None:
    await client.open_account()
    assert not [each for each in await events(client.app) if isinstance(each, ProfileViewed)]
    for path in PROFILE:
        answer = await client.call("GET", path)
        assert (answer.status_code, "x-read-after" in answer.headers) == (200, False)
    [viewed] = [each for each in await events(client.app) if isinstance(each, ProfileViewed)]
    assert (viewed.person_id, str(viewed.session_id)) == (LUCIE, client.session["session_id"])
    await client.call("GET", "/me/access-log")
    assert len([each for each in await events(client.app) if isinstance(each, ProfileViewed)]) == 1


async def test_looks_at_the_same_moment_are_noted_once(client: Client) -> None:
    await client.open_account()
    answers = await asyncio.gather(*(client.call("GET", path) for path in PROFILE))
    assert {each.status_code for each in answers} == {200}
    assert len([each for each in await events(client.app) if isinstance(each, ProfileViewed)]) == 1


async def test_a_profile_whose_look_cannot_be_noted_is_not_shown(client: Client) -> None:
    class Failing:
        async def note(self, *_: object) -> None:
            raise DatabaseDown

    await client.open_account()
    noting = client.app.state.viewings
    client.app.state.viewings = Failing()
    try:
        answers = [await client.call("GET", path) for path in PROFILE]
    finally:
        client.app.state.viewings = noting
    assert {each.status_code for each in answers} == {503}
    assert {each.headers["content-type"] for each in answers} == {"application/problem+json"}
