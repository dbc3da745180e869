"""The routes of procedures, called as the gateway does."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from joserfc.jwk import OKPKey

from chassis import inbox, outbox, work
from chassis.app import create_app
from chassis.auth import Caller, internal_claims, internal_signer
from chassis.clock import today
from chassis.inbox import Inbox, Outcome, Record
from chassis.mongo import DatabaseDown
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.viewings import Viewings
from contracts.envelope import Envelope, encode
from contracts.procedures import RequestsViewed
from services.procedures.api import router
from services.procedures.consumers import consumers
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.handlers import Store
from services.procedures.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.procedures.builders import ANNA, BEN, NOW

KEY = OKPKey.generate_key("Ed25519", {"kid": "gateway-1"})
SIGNER = internal_signer(json.dumps(KEY.as_dict(private=True)))
JWKS = json.dumps({"keys": [KEY.as_dict(private=False)]})
ORDER = {"kind": "vitale-card-order"}
SEALED = {"protected": "e30", "recipients": [], "iv": "", "ciphertext": "", "tag": ""}


def as_caller(person: UUID | None, session: UUID | None = None) -> dict[str, str]:
    caller = Caller("web", person, (session or uuid4()) if person else None)
    return {"authorization": f"Bearer {SIGNER.sign(internal_claims(caller), audience='procedures', life=60)}"}


def store(tx: outbox.Transaction) -> Store:
    return MongoStore(tx, Parameters(BUILT_IN))


class Procedures:
    """The running routes, and the way by which persons become known."""

    def __init__(self, service: Service) -> None:
        app = create_app(
            service, store=store, routers=[router], consumers=consumers, indexes=INDEXES, viewed=RequestsViewed
        )
        self.database = service.database
        self.app = app
        self._inbox: Inbox[Store] = Inbox(consumers, app.state.work, store, service.cipher)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://procedures")

    async def meet(self, person: UUID, birth_date: str = "1985-03-14") -> Outcome:
        data = {
            "person_id": str(person),
            "last_name": "ESSAI",
            "first_name": "Anna",
            "birth_date": birth_date,
            "caisse": "291",
            "way": "web-form",
            "email": SEALED,
            "provisional_code": SEALED,
            "code_expires_at": NOW.isoformat(),
            "created_at": NOW.isoformat(),
        }
        envelope = Envelope(
            id=str(uuid4()),
            type="identity.AccountCreated.v1",
            source="/compte/identity",
            subject=str(person),
            key=str(person),
            time=NOW,
            data=data,
            sequence=1,
        )
        return await self._inbox.receive(Record("identity.events", 0, 0, envelope.key, encode(envelope)))

    async def get(self, path: str, person: UUID | None = ANNA, *, language: str = "fr") -> httpx.Response:
        return await self.http.get(path, headers={**as_caller(person), "accept-language": language})

    async def order(self, person: UUID | None = ANNA, key: str | None = None, body: Any = None) -> httpx.Response:
        headers = {**as_caller(person), "idempotency-key": key or str(uuid4())}
        return await self.http.post("/requests", json=ORDER if body is None else body, headers=headers)


async def opened(mongodb_url: str) -> AsyncIterator[Procedures]:
    async for service in fresh_service("procedures", mongodb_url, internal_jwks=JWKS):
        for indexes in (inbox.INDEXES, outbox.INDEXES, work.INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        yield Procedures(service)


@pytest.fixture
async def procedures(mongodb_url: str) -> AsyncIterator[Procedures]:
    async for each in opened(mongodb_url):
        yield each


@pytest.fixture(scope="module")
async def idle(mongodb_url: str) -> AsyncIterator[Procedures]:
    """One for all tests in which nothing may happen."""
    async for each in opened(mongodb_url):
        yield each


async def test_an_order_is_accepted_and_can_be_followed(procedures: Procedures) -> None:
    assert await procedures.meet(ANNA) is Outcome.DONE
    answer = await procedures.order(key="click-0001")
    assert answer.status_code == 202
    assert answer.headers["x-read-after"] == "procedures=1"
    order = answer.json()
    assert order["request_id"] == str(uuid5(ANNA, "click-0001"))
    assert (order["kind"], order["state"], order["next_actor"]) == ("vitale-card-order", "pieces-awaited", "insured")
    assert (order["state_label"], order["next_step"]) == ("Pièces attendues", "À vous d'agir.")
    assert [piece["piece"] for piece in order["awaited"]] == ["photo", "identity-document"]
    assert order["ordered_on"] == today().isoformat()
    assert order["timeline"][0] == {
        "state": "pieces-awaited",
        "label": "Pièces attendues",
        "progress": "current",
        "next_actor": "insured",
        "on": order["ordered_on"],
    }
    assert (await procedures.get(f"/requests/{order['request_id']}")).json() == order
    assert (await procedures.get("/requests")).json() == {"items": [order], "next_cursor": None}
    english = await procedures.get(f"/requests/{order['request_id']}", language="en")
    assert english.json()["state_label"] == "Documents awaited"


async def test_the_same_key_gets_the_same_answer_and_another_key_a_refusal(procedures: Procedures) -> None:
    await procedures.meet(ANNA)
    first = await procedures.order(key="click-0001")
    again = await procedures.order(key="click-0001")
    assert (again.status_code, again.content) == (first.status_code, first.content)

    other = await procedures.order(key="click-0002")
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    refusal = other.json()
    assert refusal["type"] == "/problems/order-already-in-progress"
    assert refusal["tracking_number"] == first.json()["tracking_number"]
    assert "Envoyez les pièces" in refusal["detail"]
    assert await procedures.database["outbox"].count({"topic": "procedures.events"}) == 1


async def test_a_key_forgotten_after_a_day_still_leads_to_the_first_order(procedures: Procedures) -> None:
    await procedures.meet(ANNA)
    first = await procedures.order(key="click-0001")
    await procedures.database["answers"].delete({})
    assert (await procedures.order(key="click-0001")).json() == first.json()


async def test_a_person_not_heard_of_yet_is_asked_to_try_again(procedures: Procedures) -> None:
    answer = await procedures.order(key="click-0001")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == "/problems/unavailable"
    await procedures.meet(ANNA)
    assert (await procedures.order(key="click-0001")).status_code == 202


async def test_a_child_is_told_from_when(procedures: Procedures) -> None:
    born = today().replace(day=1, year=today().year - 15)
    await procedures.meet(ANNA, born.isoformat())
    answer = await procedures.order()
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/too-young")
    assert answer.json()["eligible_on"] == born.replace(year=born.year + 16).isoformat()


async def test_somebody_elses_request_is_as_unknown_as_none(procedures: Procedures) -> None:
    await procedures.meet(ANNA)
    await procedures.meet(BEN)
    order = (await procedures.order(key="click-0001")).json()
    theirs = await procedures.get(f"/requests/{order['request_id']}", person=BEN)
    nobodys = await procedures.get(f"/requests/{uuid4()}", person=BEN)
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert (await procedures.get("/requests", person=BEN)).json()["items"] == []
    same_key = await procedures.order(person=BEN, key="click-0001")
    assert same_key.status_code == 202
    assert same_key.json()["request_id"] != order["request_id"]


async def test_the_catalogue_says_what_can_be_asked_for(procedures: Procedures) -> None:
    (card,) = (await procedures.get("/procedures")).json()["items"]
    assert (card["kind"], card["channels"], card["expected_days"]) == ("vitale-card-order", ["web", "app"], 14)
    assert card["eligibility"].startswith("Dès 16 ans")
    assert (await procedures.get("/procedures", language="en")).json()["items"][0]["title"] == "Order a carte Vitale"


@pytest.mark.parametrize("path", ["/procedures", "/requests", f"/requests/{UUID(int=7)}"])
async def test_only_a_logged_in_person_sees_anything(idle: Procedures, path: str) -> None:
    assert (await idle.get(path, person=None)).status_code == 401
    assert (await idle.http.get(path)).status_code == 401
    assert (await idle.order(person=None)).status_code == 401


@pytest.mark.parametrize(
    "kind", [None, "", "ehic-order", 1, 2**53, True, {"$ne": None}, ["vitale-card-order"], "vitale-card-order\u0000x"]
)
async def test_a_malformed_kind_is_refused_without_quoting_it(idle: Procedures, kind: Any) -> None:
    answer = await idle.order(body={"kind": kind})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ehic" not in answer.text
    assert await idle.database["requests"].count({}) == 0


async def test_every_wrong_field_is_listed(idle: Procedures) -> None:
    answer = await idle.order(body={"kind": "x", "$where": "1", "person_id": str(BEN), "a.b": 1})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/kind", "/$where", "/person_id", "/a.b"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"kind":NaN}',
        b'{"kind":9223372036854775808}',
        b'{"kind":"\\ud800"}',
        b'{"kind":"vitale-card-order","kind":"vitale-card-order"}',
        b"[" * 30_000,
        b'{"kind":"' + b"x" * 70_000 + b'"}',
    ],
)
async def test_a_malformed_body_is_refused(idle: Procedures, body: bytes) -> None:
    headers = {**as_caller(ANNA), "idempotency-key": "click-0001", "content-type": "application/json"}
    answer = await idle.http.post("/requests", content=body, headers=headers)
    assert answer.status_code in {400, 413, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["%00", "ñ", "a" * 500, "%7B%22%24ne%22%3Anull%7D", "AAAA", "%ED%A0%80", ""])
async def test_a_malformed_cursor_or_id_is_refused(idle: Procedures, value: str) -> None:
    answer = await idle.get(f"/requests?cursor={value}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/cursor")
    assert (await idle.get("/requests?cursor[$ne]=1")).status_code == 422
    by_id = await idle.get(f"/requests/x{value}")
    assert by_id.status_code in {404, 422}


@pytest.mark.parametrize("key", [None, "short", "k" * 65, "with space", "é" * 8])
async def test_a_write_needs_a_sound_key(idle: Procedures, key: str | None) -> None:
    keys = [(b"idempotency-key", key.encode())] if key else []
    token = as_caller(ANNA)["authorization"].encode()
    answer = await idle.http.post("/requests", json=ORDER, headers=[(b"authorization", token), *keys])
    assert answer.status_code in {400, 422}


async def test_whoever_looks_is_noted_once_a_session(procedures: Procedures) -> None:
    await procedures.meet(ANNA)
    seen = f"/requests/{(await procedures.order()).json()['request_id']}"
    session = uuid4()
    for path in ("/requests", seen, "/requests"):
        answer = await procedures.http.get(path, headers=as_caller(ANNA, session))
        assert (answer.status_code, "x-read-after" in answer.headers) == (200, False)
    procedures.app.state.viewings = Viewings(procedures.app.state.work, RequestsViewed)
    assert (await procedures.http.get(seen, headers=as_caller(ANNA, session))).status_code == 200
    assert await noted(procedures) == [(ANNA, session)]
    assert (await procedures.get(seen, person=BEN)).status_code == 404
    assert await noted(procedures) == [(ANNA, session)]
    await procedures.get("/requests", person=BEN)
    assert len(await noted(procedures)) == 2


async def test_what_cannot_be_noted_is_not_shown(procedures: Procedures) -> None:
    class Failing:
        async def note(self, *_: object) -> None:
            raise DatabaseDown

    procedures.app.state.viewings = Failing()
    answer = await procedures.get("/requests")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def noted(procedures: Procedures) -> list[tuple[UUID, UUID]]:
    rows = await procedures.database["outbox"].find({"type": RequestsViewed.type}, sort=("_id",))
    viewed = [RequestsViewed.read(envelope_of(row).data) for row in rows]
    return [(each.person_id, each.session_id) for each in viewed]
