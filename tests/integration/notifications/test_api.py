"""The routes through ASGI, with the gateway's tokens."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from chassis import clock
from chassis.app import create_app
from chassis.auth import Caller, internal_claims, internal_signer
from chassis.outbox import Transaction
from chassis.service import Service
from contracts.notifications import EmailFailed
from services.notifications.api import router
from services.notifications.consumers import consumers
from services.notifications.domain.mails import Accepted, State
from services.notifications.reports import ReportKey
from services.notifications.store import INDEXES, MongoStore
from tests.infra import secret_settings, service_settings
from tests.integration.notifications.parts import Parts, a_person, prepared
from tests.unit.notifications.builders import MINE, REPORT_KEY, signature
from tests.unit.notifications.scenarios.world import claim, finish, state, write


class Api:
    """The service as the gateway sees it."""

    def __init__(self, client: httpx.AsyncClient, parts: Parts, key: str) -> None:
        self.client, self.parts = client, parts
        self.app: FastAPI = client._transport.app  # type: ignore[attr-defined]
        self._signer = internal_signer(key)

    def as_person(self, person: UUID | None, audience: str = "notifications") -> dict[str, str]:
        """The headers of a request for this person."""
        claims = internal_claims(Caller("web", person, uuid4() if person else None))
        return {"authorization": f"Bearer {self._signer.sign(claims, audience=audience, life=60)}"}

    async def report(
        self, mail_id: str, kind: str = "bounce", *, body: bytes | None = None, signed: str | None = None
    ) -> httpx.Response:
        """The provider's report, signed now unless another signature is given."""
        sent = body or json.dumps({"message_id": f"<{mail_id}@exemple.invalid>", "kind": kind}).encode()
        headers = {"content-type": "application/json", "x-report-signature": signed or signature(sent, clock.now())}
        return await self.client.post("/mail-reports", content=sent, headers={**self.as_person(None), **headers})

    async def failed(self, mail_id: str) -> list[str]:
        """Why it was said that a mail failed."""
        said = [each for each in await self.parts.said() if isinstance(each, EmailFailed)]
        return [each.reason for each in said if each.email_id == mail_id]

    async def sent(self) -> str:
        """A mail that the server accepted."""
        mail_id = await write(self.parts, await a_person(self.parts, "lucie@exemple.invalid"))
        await claim(self.parts, mail_id, MINE)
        await finish(self.parts, mail_id, Accepted())
        return mail_id


@pytest.fixture(scope="module")
async def api(mongodb_url: str) -> AsyncIterator[Api]:
    secrets = secret_settings()
    internal = {"internal_jwks": secrets["notifications"]["internal_jwks"]}
    service = Service("notifications", service_settings("notifications", mongodb_url, **internal))
    parts = await prepared(service)

    def store(transaction: Transaction) -> MongoStore:
        return MongoStore(transaction, service.cipher, service.sealer.open)

    app = create_app(service, store=store, routers=[router], consumers=consumers, indexes=INDEXES)
    app.state.report_key = ReportKey(REPORT_KEY)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notifications") as client:
        yield Api(client, parts, secrets["gateway"]["internal_key"])
    await service.database.close()


async def test_a_person_sees_kind_and_state_of_the_own_mails_and_nothing_else(api: Api) -> None:
    person = await a_person(api.parts, "lucie@exemple.invalid")
    mail_id = await write(api.parts, person)
    await write(api.parts, uuid4())
    await claim(api.parts, mail_id, MINE)
    answer = await api.client.get("/emails", headers=api.as_person(person))
    assert answer.status_code == 200
    assert answer.json() == {
        "emails": [{"id": mail_id, "kind": "card-ordered", "state": "claimed", "at": "2026-11-24T10:20:00Z"}]
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_somebody_without_mails_sees_an_empty_list(api: Api) -> None:
    answer = await api.client.get("/emails", headers=api.as_person(uuid4()))
    assert (answer.status_code, answer.json()) == (200, {"emails": []})


@pytest.mark.parametrize("headers", ["none", "anonymous", "other service", "garbage"])
async def test_nobody_else_sees_anything(api: Api, headers: str) -> None:
    sent = {
        "none": {},
        "anonymous": api.as_person(None),
        "other service": api.as_person(uuid4(), audience="payments"),
        "garbage": {"authorization": "Bearer a.b.c"},
    }[headers]
    answer = await api.client.get("/emails", headers=sent)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["?nir[$ne]=", "?limit=NaN", "?cursor=%00", "?$where=1", "?a.b=%ff"])
async def test_a_query_changes_nothing(api: Api, query: str) -> None:
    answer = await api.client.get(f"/emails{query}", headers=api.as_person(uuid4()))
    assert (answer.status_code, answer.json()) == (200, {"emails": []})


async def test_mails_cannot_be_written_from_outside(api: Api) -> None:
    answer = await api.client.post("/emails", headers=api.as_person(uuid4()), json={"to": "x@exemple.invalid"})
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_signed_report_takes_effect_once_and_a_repeat_is_acknowledged_alike(api: Api) -> None:
    mail_id = await api.sent()
    bounced = {"state": "bounced"}
    before = REGISTRY.get_sample_value("compte_mails_total", bounced) or 0
    answers = [await api.report(mail_id), await api.report(mail_id), await api.report(mail_id, "complaint")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    assert await state(api.parts, mail_id) is State.BOUNCED
    assert await api.failed(mail_id) == ["bounce"]
    assert REGISTRY.get_sample_value("compte_mails_total", bounced) == before + 1


async def test_a_complaint_is_said_a_delay_is_not_and_an_unknown_mail_is_acknowledged(api: Api) -> None:
    annoying, late, unknown = await api.sent(), await api.sent(), str(uuid4())
    for mail_id, kind in ((annoying, "complaint"), (late, "delay"), (unknown, "bounce")):
        assert (await api.report(mail_id, kind)).status_code == 204
    assert [await api.failed(each) for each in (annoying, late, unknown)] == [["complaint"], [], []]
    kept = await api.parts.mail(late)
    assert kept is not None
    assert (kept.state, kept.delayed_at is not None) == (State.SENT, True)


@pytest.mark.parametrize("wrong", ["other key", "other body", "six minutes old", "garbage", "the whole body twice"])
async def test_a_forged_report_is_a_401_and_changes_nothing(api: Api, wrong: str) -> None:
    mail_id, now = await api.sent(), clock.now()
    body = json.dumps({"message_id": f"<{mail_id}@exemple.invalid>", "kind": "bounce"}).encode()
    signed = {
        "other key": signature(body, now, "another key"),
        "other body": signature(body + b" ", now),
        "six minutes old": signature(body, now - timedelta(minutes=6)),
        "garbage": "t=1,v1=0",
        "the whole body twice": signature(body * 2, now),
    }[wrong]
    answer = await api.report(mail_id, body=body, signed=signed)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.json()["type"] == "/problems/report-refused"
    assert (await state(api.parts, mail_id), await api.failed(mail_id)) == (State.SENT, [])


async def test_a_report_is_refused_without_signature_without_the_gateway_and_without_a_key(api: Api) -> None:
    mail_id = await api.sent()
    body = json.dumps({"message_id": f"<{mail_id}@exemple.invalid>", "kind": "bounce"}).encode()
    said = {"content-type": "application/json"}
    unsigned = await api.client.post("/mail-reports", content=body, headers={**said, **api.as_person(None)})
    signed = {**said, "x-report-signature": signature(body, clock.now())}
    around = await api.client.post("/mail-reports", content=body, headers=signed)
    agreed, api.app.state.report_key = api.app.state.report_key, ReportKey(None)
    try:
        unset = await api.report(mail_id)
    finally:
        api.app.state.report_key = agreed
    assert (unsigned.status_code, around.status_code, unset.status_code) == (401, 401, 404)
    assert around.json()["type"] == "/problems/unauthenticated"
    assert await state(api.parts, mail_id) is State.SENT


async def test_a_report_that_brings_an_address_is_refused_and_not_quoted(api: Api) -> None:
    body = json.dumps({"message_id": "<a@exemple.invalid>", "kind": "bounce", "to": "canary@exemple.invalid"}).encode()
    answer = await api.report("", body=body)
    assert answer.status_code == 422
    assert "canary" not in answer.text


async def test_a_report_above_64_kb_is_a_413(api: Api) -> None:
    answer = await api.report("", body=b'{"message_id": "' + b"x" * 70_000 + b'"}')
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
