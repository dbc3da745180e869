"""What the gateway does for one device: calls with an internal token, and remembers its session."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from chassis.auth import Caller, TokenVerifier, internal_claims, internal_signer
from chassis.outbox import envelope_of
from chassis.sealed import Sealer
from contracts.event import EVENT_TYPES, Event
from contracts.identity import AccountCreated, CodeReset, DeviceChallenged
from contracts.sealed import Sealed
from tests.infra import secret_settings
from tests.unit.identity.fakes import LUCIE, MARC

E = TypeVar("E", bound=Event)
SECRETS = secret_settings()
LINES = [
    b'{"person_id": "%s", "nir": "285032999090195", "birth_last_name": "EXEMPLE", "first_name": "Lucie",'
    b' "birth_date": "1985-03-14", "postal_code": "29200", "caisse": "29", "regime": "general"}' % str(LUCIE).encode(),
    b'{"person_id": "%s", "nir": "183113199090225", "birth_last_name": "FICTIF", "first_name": "Marc",'
    b' "birth_date": "1983-11-30", "postal_code": "29200", "caisse": "29", "regime": "msa"}' % str(MARC).encode(),
]
NIR, STRANGER = "2 85 03 29 990 901 95", "2 85 03 29 990 026 97"
FORM = {
    "nir": NIR,
    "last_name": "exemple",
    "birth_date": "1985-03-14",
    "postal_code": "29200",
    "email": "lucie@exemple.invalid",
}


@dataclass
class Client:
    """What the gateway does: calls with an internal token, and remembers the session and the token of one device."""

    http: httpx.AsyncClient
    app: FastAPI
    session: dict[str, Any] = field(default_factory=dict)
    person: UUID | None = None
    device: str | None = None

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        signer = internal_signer(SECRETS["gateway"]["internal_key"])
        sid = self.session.get("session_id")
        claims = internal_claims(Caller("web", self.person, UUID(sid) if sid else None))
        sent = {
            "authorization": f"Bearer {signer.sign(claims, audience='identity', life=60)}",
            "idempotency-key": key or str(uuid4()),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if content is not None:
            sent.setdefault("content-type", "application/json")
        return await self.http.request(method, path, content=content, headers=sent)

    async def log_in(
        self, code: str, nir: str = NIR, client_id: str = "web", *, key: str | None = None
    ) -> httpx.Response:
        body = {"nir": nir, "code": code, "client_id": client_id}
        shown = {"device_token": self.device} if self.device else {}
        return self._keep(await self.call("POST", "/sessions", body | shown, key=key))

    async def answer(
        self, challenge: str, code: str, client_id: str = "web", *, key: str | None = None
    ) -> httpx.Response:
        body = {"code": code, "client_id": client_id}
        return self._keep(await self.call("POST", f"/sessions/challenges/{challenge}", body, key=key))

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code == 200:
            self.session = answer.json()
            self.person = UUID(str(claims_of(self.session["access_token"], self.app)["sub"]))
            self.device = self.session["device_token"] or self.device
        return answer

    def another(self) -> "Client":
        """A device of its own, on which nobody is known."""
        return Client(self.http, self.app)

    async def refresh(self, token: str | None = None) -> httpx.Response:
        body = {"refresh_token": token or self.session["refresh_token"]}
        answer = await self.call("POST", "/sessions/refresh", body)
        if answer.status_code == 200:
            self.session = answer.json()
        return answer

    async def mailed_code(self, kind: type[AccountCreated] | type[CodeReset]) -> str:
        """The provisional code of the newest event of a kind, as notifications reads it."""
        return self._opened((await last(self.app, kind)).provisional_code)

    async def second_code(self) -> str:
        """The second code of the newest challenge, as notifications reads it."""
        return self._opened((await last(self.app, DeviceChallenged)).code)

    def _opened(self, sealed: Sealed | None) -> str:
        reader = SECRETS["notifications"]
        assert sealed
        return Sealer(reader["sealing_jwks"], reader["sealing_key"]).open(sealed)

    async def open_account(self, own_code: str = "7294") -> None:
        assert (await self.call("POST", "/accounts", FORM)).status_code == 202
        assert (await self.log_in(await self.mailed_code(AccountCreated))).status_code == 200
        assert (await self.call("PUT", "/me/code", {"new_code": own_code})).status_code == 204
        assert (await self.refresh()).status_code == 200


async def events(app: FastAPI) -> list[Event]:
    rows = await app.state.service.database["outbox"].find({}, sort=("_id",))
    return [EVENT_TYPES[row["type"]].read(envelope_of(row).data) for row in rows]


async def last(app: FastAPI, kind: type[E]) -> E:
    return [event for event in await events(app) if isinstance(event, kind)][-1]


def claims_of(token: str, app: FastAPI) -> Mapping[str, object]:
    jwks = json.dumps(app.state.parts.tokens.jwks())
    return TokenVerifier(jwks, issuer="identity", audience="compte", kind="at+jwt").verify(token)


def bare(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what names this one request."""
    body = {name: value for name, value in answer.json().items() if name != "trace_id"}
    headers = {name: value for name, value in answer.headers.items() if name not in {"x-trace-id", "content-length"}}
    return answer.status_code, headers, body
