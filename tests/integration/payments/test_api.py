"""The routes of payments, called as the gateway does."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc.jwk import OKPKey

from chassis.app import create_app
from chassis.auth import Caller, internal_claims, internal_signer
from chassis.clock import today
from chassis.mongo import DatabaseDown
from chassis.outbox import envelope_of
from chassis.service import Service
from chassis.viewings import Viewings
from contracts.payments import PaymentsViewed
from services.payments import handlers
from services.payments.api import router
from services.payments.consumers import consumers
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.store import INDEXES, MongoStore
from tests.infra import fresh_service
from tests.unit.payments.builders import ANNA, BEN, a_pharmacy_line, a_settlement

KEY = OKPKey.generate_key("Ed25519", {"kid": "gateway-1"})
SIGNER = internal_signer(json.dumps(KEY.as_dict(private=True)))
JWKS = json.dumps({"keys": [KEY.as_dict(private=False)]})
RECENT = today() - timedelta(days=20)


def as_caller(person: UUID | None, session: UUID | None = None) -> dict[str, str]:
    caller = Caller("web", person, (session or uuid4()) if person else None)
    return {"authorization": f"Bearer {SIGNER.sign(internal_claims(caller), audience='payments', life=60)}"}


class Payments:
    """The running routes, and the way by which lines come in."""

    def __init__(self, service: Service) -> None:
        parameters = Parameters(BUILT_IN)
        app = create_app(
            service,
            store=lambda tx: MongoStore(tx, parameters),
            routers=[router],
            consumers=consumers,
            indexes=INDEXES,
            viewed=PaymentsViewed,
        )
        self.work = app.state.work
        self.database = service.database
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://payments")

    async def pay(self, *lines: Any) -> list[str]:
        return [str((await self.work(handlers.pay_reimbursement, line)).id) for line in lines]

    async def get(self, path: str, person: UUID | None = ANNA, *, language: str = "fr") -> httpx.Response:
        return await self.http.get(path, headers={**as_caller(person), "accept-language": language})


async def opened(mongodb_url: str) -> AsyncIterator[Payments]:
    async for service in fresh_service("payments", mongodb_url, internal_jwks=JWKS):
        await service.database.ensure_indexes(INDEXES)
        yield Payments(service)


@pytest.fixture
async def payments(mongodb_url: str) -> AsyncIterator[Payments]:
    async for each in opened(mongodb_url):
        yield each


@pytest.fixture(scope="module")
async def idle(mongodb_url: str) -> AsyncIterator[Payments]:
    """One for all tests in which nothing may happen."""
    async for each in opened(mongodb_url):
        yield each


async def test_the_list_shows_recent_lines_and_says_where_older_ones_are(payments: Payments) -> None:
    (visit,) = await payments.pay(a_settlement(care_date=RECENT, payment_date=RECENT))
    answer = await payments.get("/payments")
    assert answer.status_code == 200
    body = answer.json()
    assert body["items"] == [
        {
            "payment_id": visit,
            "kind": "care",
            "amount_cents": 1900,
            "currency": "EUR",
            "payment_date": RECENT.isoformat(),
            "care_date": RECENT.isoformat(),
            "label": "Consultation généraliste",
            "professional": "Dr DÉMO",
            "beneficiary": "Anna ESSAI",
            "payee": "insured",
            "complementary": "auto-sent",
        }
    ]
    assert (body["next_cursor"], body["hint"]) == (None, None)

    older = (await payments.get("/payments?from=2020-01-01&to=2020-12-31")).json()
    assert older["items"] == []
    assert older["hint"]["text"].startswith("Les paiements plus anciens")
    assert older["hint"]["see"] == "monthly-statements"
    assert date.fromisoformat(older["window_from"]) < RECENT


async def test_pages_follow_one_another_by_cursor(payments: Payments) -> None:
    paid = await payments.pay(*[a_settlement(nature="other", care_date=RECENT, payment_date=RECENT) for _ in range(52)])
    first = (await payments.get("/payments")).json()
    second = (await payments.get(f"/payments?cursor={first['next_cursor']}")).json()
    assert [line["payment_id"] for line in (*first["items"], *second["items"])] == sorted(paid, reverse=True)
    assert second["next_cursor"] is None


async def test_a_payment_is_explained_to_the_cent_in_the_readers_language(payments: Payments) -> None:
    pharmacy, visit = await payments.pay(
        a_pharmacy_line(3, care_date=RECENT, payment_date=RECENT), a_settlement(care_date=RECENT, payment_date=RECENT)
    )
    shown = (await payments.get(f"/payments/{visit}")).json()
    assert (shown["amount_cents"], shown["gross_cents"]) == (1600, 2100)
    assert [step["amount_cents"] for step in shown["explanation"]] == [2100, -200, -300]
    gross, contribution, recovery = shown["explanation"]
    assert gross["text"] == "30,00 € × 70 % = 21,00 €."
    assert (contribution["rule"], contribution["valid_from"]) == ("participation.act", "2024-05-15")
    assert contribution["caps"][1] == {
        "rule": "participation.year",
        "cap_cents": 5000,
        "before_cents": 0,
        "after_cents": 200,
        "valid_from": "2005-01-01",
    }
    assert recovery["recovers"] == {
        "payment_id": pharmacy,
        "contribution": "franchise",
        "care_date": RECENT.isoformat(),
        "remaining_cents": 0,
    }
    english = (await payments.get(f"/payments/{visit}", language="en")).json()
    assert english["explanation"][0]["text"] == "€30.00 × 70% = €21.00."
    third_party = (await payments.get(f"/payments/{pharmacy}")).json()
    assert (third_party["kind"], third_party["amount_cents"]) == ("third-party", 1599)
    assert third_party["explanation"][1]["carried_cents"] == 300


async def test_somebody_elses_payment_is_as_unknown_as_none(payments: Payments) -> None:
    (visit,) = await payments.pay(a_settlement(care_date=RECENT, payment_date=RECENT))
    theirs = await payments.get(f"/payments/{visit}", person=BEN)
    nobodys = await payments.get(f"/payments/{uuid4()}", person=BEN)
    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
    assert theirs.status_code == 404
    assert theirs.headers["content-type"] == "application/problem+json"
    assert (await payments.get("/payments", person=BEN)).json()["items"] == []


@pytest.mark.parametrize("path", ["/payments", f"/payments/{UUID(int=7)}"])
async def test_only_a_logged_in_person_sees_payments(idle: Payments, path: str) -> None:
    assert (await idle.get(path, person=None)).status_code == 401
    assert (await idle.http.get(path)).status_code == 401


BAD_VALUES = [
    "%00",
    "ñ",
    "%F0%9F%92%A9",
    "a" * 500,
    "%7B%22%24ne%22%3Anull%7D",
    "9223372036854775808",
    "NaN",
    "%ED%A0%80",
]


@pytest.mark.parametrize("name", ["from", "to", "kind", "cursor"])
@pytest.mark.parametrize("value", [*BAD_VALUES, "", "2026-02-30", "20260101", "２０２６-01-01", "1764000000"])
async def test_a_malformed_filter_is_refused_without_quoting_it(idle: Payments, name: str, value: str) -> None:
    answer = await idle.get(f"/payments?{name}={value}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/query/{name}"]
    assert not value or value not in answer.text.replace(answer.json().get("trace_id", ""), "")


async def test_every_wrong_filter_is_listed(idle: Payments) -> None:
    answer = await idle.get("/payments?from=x&to=y&kind=z&cursor=!&beneficiary=%00&from[$ne]=1&$where=1")
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/query/from",
        "/query/to",
        "/query/kind",
        "/query/cursor",
        "/query/beneficiary",
        "/query/from[$ne]",
        "/query/$where",
    }


@pytest.mark.parametrize("value", BAD_VALUES)
async def test_a_malformed_id_is_refused(idle: Payments, value: str) -> None:
    answer = await idle.get(f"/payments/{value}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_whoever_looks_is_noted_once_a_session(payments: Payments) -> None:
    (visit,) = await payments.pay(a_settlement(care_date=RECENT, payment_date=RECENT))
    seen = f"/payments/{visit}"
    session = uuid4()
    for path in ("/payments", seen, "/payments"):
        answer = await payments.http.get(path, headers=as_caller(ANNA, session))
        assert (answer.status_code, "x-read-after" in answer.headers) == (200, False)
    payments.app.state.viewings = Viewings(payments.app.state.work, PaymentsViewed)
    assert (await payments.http.get(seen, headers=as_caller(ANNA, session))).status_code == 200
    assert await noted(payments) == [(ANNA, session)]
    assert (await payments.get(seen, person=BEN)).status_code == 404
    assert await noted(payments) == [(ANNA, session)]
    await payments.get("/payments", person=BEN)
    assert len(await noted(payments)) == 2


async def test_what_cannot_be_noted_is_not_shown(payments: Payments) -> None:
    class Failing:
        async def note(self, *_: object) -> None:
            raise DatabaseDown

    payments.app.state.viewings = Failing()
    answer = await payments.get("/payments")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def noted(payments: Payments) -> list[tuple[UUID, UUID]]:
    rows = await payments.database["outbox"].find({"type": PaymentsViewed.type}, sort=("_id",))
    viewed = [PaymentsViewed.read(envelope_of(row).data) for row in rows]
    return [(each.person_id, each.session_id) for each in viewed]
