"""What a visitor gets before any log-in: the portal, the caisses, and help; the same for everybody, and kept."""

import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from chassis.app import bare_app
from contracts.channel import Channel
from services.gateway.api import helping, portal_info, routers
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX
from services.gateway.domain.help import Articles, Topic
from services.gateway.domain.portal_info import AudienceId, LinkId, SectionId
from services.gateway.portal import ADDRESSES
from services.gateway.store import Caisses
from tests.unit.gateway.builders import a_closure, a_move, an_account, told
from tests.unit.gateway.fakes import with_code_forms

CODES = sorted(portal_info.DIRECTORY.caisses)
PUBLIC = ("/portal", "/portal?caisse=29", "/caisses", "/help?channel=web", "/help?channel=app&topic=nir")


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The gateway's routes."""
    return with_code_forms(bare_app("gateway", routers))


@pytest.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not logged in."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"https://compte.invalid{PREFIX}"
    ) as made:
        yield made


async def read(visitor: httpx.AsyncClient, path: str) -> Any:
    answer = await visitor.get(path)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("caisse", [None, *CODES])
async def test_every_caisse_has_the_whole_portal_and_a_contact_card(
    visitor: httpx.AsyncClient, caisse: str | None
) -> None:
    page = await read(visitor, f"/portal?caisse={caisse}" if caisse else "/portal")
    assert [each["id"] for each in page["sections"]] == list(get_args(SectionId))
    assert [each["id"] for each in page["links"]] == list(get_args(LinkId))
    assert [each["id"] for each in page["audience"]["choices"]] == list(get_args(AudienceId))
    assert {page["landing"][each]["url"] for each in ("create_account", "log_in")} <= set(ADDRESSES)
    assert all(page["contact"].values())
    assert bool(page["near_you"]) is bool(page["caisse"]) is bool(caisse)


async def test_the_portal_changes_with_the_caisse(visitor: httpx.AsyncClient) -> None:
    brest, toulouse = await read(visitor, "/portal?caisse=29"), await read(visitor, "/portal?caisse=31")
    assert brest["caisse"] == {"code": "29", "name": "CPAM du Finistère", "department": "Finistère"}
    assert brest["contact"]["name"] == "CPAM du Finistère"
    assert brest["near_you"] != toulouse["near_you"]
    dates = [each["published_on"] for each in brest["near_you"]]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("unknown", ["", "99", "nowhere", "%00", "%3Cscript%3E", "2a%20b"])
async def test_an_unknown_caisse_gets_the_general_page_and_is_not_repeated(
    visitor: httpx.AsyncClient, unknown: str
) -> None:
    general, answer = await visitor.get("/portal"), await visitor.get(f"/portal?caisse={unknown}")
    assert (answer.status_code, answer.content) == (200, general.content)


async def test_a_caisse_of_corsica_may_be_typed_in_small_letters(visitor: httpx.AsyncClient) -> None:
    assert (await read(visitor, "/portal?caisse=2b"))["caisse"]["code"] == "2B"


async def test_the_caisses_to_choose_from_are_those_that_the_home_page_knows(visitor: httpx.AsyncClient) -> None:
    found = (await read(visitor, "/caisses"))["caisses"]
    assert sorted(each["code"] for each in found) == CODES
    assert [each["department"] for each in found] == sorted(each["department"] for each in found)
    for each in found:
        assert Caisses()[each["code"]].name == each["name"]


@pytest.mark.parametrize("path", PUBLIC)
async def test_a_public_answer_is_kept_and_confirmed_by_its_tag(visitor: httpx.AsyncClient, path: str) -> None:
    first = await visitor.get(path)
    assert re.fullmatch(r"public, max-age=[1-9][0-9]*", first.headers["cache-control"])
    assert not {"set-cookie", "vary"} & first.headers.keys()
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await visitor.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert (await visitor.get(path, headers={"if-none-match": '"other"'})).status_code == 200
    mine = await visitor.get(path, headers={"cookie": "caisse=31; __Host-access=x", "authorization": "Bearer x"})
    assert mine.content == first.content


def test_only_what_is_the_same_for_everybody_is_kept() -> None:
    assert {each.path for each in CAPABILITIES if each.cacheable} == {"/portal", "/caisses", "/help"}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("topic", Topic)
async def test_every_topic_has_steps_in_both_channels(
    visitor: httpx.AsyncClient, channel: Channel, topic: Topic
) -> None:
    help_ = await read(visitor, f"/help?channel={channel}&topic={topic}")
    [found] = help_["topics"]
    assert (help_["channel"], found["id"]) == (channel, topic)
    assert found["title"]
    assert all(found["steps"])
    assert help_["contact"]["phone"]
    assert {each["url"] for each in found["links"]} <= set(ADDRESSES)


@pytest.mark.parametrize("channel", Channel)
async def test_help_without_a_topic_is_about_all_of_them(visitor: httpx.AsyncClient, channel: Channel) -> None:
    topics = (await read(visitor, f"/help?channel={channel}"))["topics"]
    assert sorted(each["id"] for each in topics) == sorted(Topic)


async def test_help_names_where_the_number_is_written(visitor: httpx.AsyncClient) -> None:
    text = " ".join((await read(visitor, "/help?channel=web&topic=nir"))["topics"][0]["steps"])
    assert all(place in text for place in ("carte Vitale", "bulletin de salaire", "attestation"))
    assert "SPAM" in (await visitor.get("/help?channel=app&topic=spam")).text


async def test_a_guide_offers_an_appointment_near_the_caisse(visitor: httpx.AsyncClient) -> None:
    appointments = {
        code: (await read(visitor, f"/help?channel=app&topic=create-account&caisse={code}"))["topics"][0]["appointment"]
        for code in ("31", "29", "99")
    }
    assert "Haute-Garonne" in appointments["31"]["label"]
    assert appointments["29"] == appointments["99"] != appointments["31"]
    assert (await read(visitor, "/help?channel=web&topic=contact&caisse=31"))["contact"]["name"].endswith("Garonne")


@pytest.mark.parametrize("query", ["", "channel=kiosk", "channel=web&topic=unknown", "channel=web&caisse=" + "9" * 41])
async def test_malformed_questions_are_refused_without_an_echo(visitor: httpx.AsyncClient, query: str) -> None:
    answer = await visitor.get(f"/help?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert not {"kiosk", "unknown", "9" * 41} & set(re.findall(r"\w+", answer.text))


def test_help_that_is_not_whole_is_no_help() -> None:
    topics = helping.ARTICLES.model_dump(mode="json")["topics"]
    silent = [{**topics[0], "steps": {"web": ["Un pas."], "app": []}}, *topics[1:]]
    for wrong in (topics[1:], [*topics, topics[0]], silent):
        with pytest.raises(ValidationError):
            Articles.model_validate({"topics": wrong})


def test_the_home_page_follows_a_move_and_a_new_account_says_where_the_person_is_now() -> None:
    assert told(a_move()).caisse is None
    for events, code in (
        ([an_account()], "29"),
        ([an_account(), a_move("31")], "31"),
        ([an_account(), a_move("31"), a_move("75")], "75"),
        ([a_move("31"), an_account(caisse="31")], "31"),
        ([an_account(), a_move("31"), a_closure(), an_account(caisse="31")], "31"),
    ):
        caisse = told(*events).caisse
        assert caisse is not None
        assert caisse.value == code
    assert told(an_account(), a_move(), a_closure()).caisse is None
