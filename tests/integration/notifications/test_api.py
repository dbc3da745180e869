"""The routes through ASGI, with the gateway's tokens."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.app import create_app
from chassis.auth import Caller, internal_claims, internal_signer
from chassis.outbox import Transaction
from chassis.service import Service
from services.notifications.api import router
from services.notifications.consumers import consumers
from services.notifications.store import INDEXES, MongoStore
from tests.infra import secret_settings, service_settings
from tests.integration.notifications.parts import Parts, a_person, prepared
from tests.unit.notifications.builders import MINE
from tests.unit.notifications.scenarios.world import claim, write


class Api:
    """The service as the gateway sees it."""

    def __init__(self, client: httpx.AsyncClient, parts: Parts, key: str) -> None:
        self.client, self.parts = client, parts
        self._signer = internal_signer(key)

    def as_person(self, person: UUID | None, audience: str = "notifications") -> dict[str, str]:
        """The headers of a request for this person."""
        claims = internal_claims(Caller("web", person, uuid4() if person else None))
        return {"authorization": f"Bearer {self._signer.sign(claims, audience=audience, life=60)}"}


@pytest.fixture(scope="module")
async def api(mongodb_url: str) -> AsyncIterator[Api]:
    secrets = secret_settings()
    internal = {"internal_jwks": secrets["notifications"]["internal_jwks"]}
    service = Service("notifications", service_settings("notifications", mongodb_url, **internal))
    parts = await prepared(service)

    def store(transaction: Transaction) -> MongoStore:
        return MongoStore(transaction, service.cipher, service.sealer.open)

    app = create_app(service, store=store, routers=[router], consumers=consumers, indexes=INDEXES)
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
