"""The services behind, as small as they can be: they check who calls, answer as told, and remember the calls."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from aiohttp import web
from joserfc.jwk import OKPKey

from chassis.auth import TokenSigner, internal_verifier
from tests.unit.gateway.builders import LUCIE

SESSION = uuid5(LUCIE, "stub session")
DEVICE = uuid5(LUCIE, "stub device")
PROVIDERS = [{"id": "impots-gouv", "label": "impots.gouv.fr"}, {"id": "la-poste", "label": "La Poste"}]
AUTHORIZE = "https://fc.exemple.invalid/api/v2/authorize?state=s-1&nonce=n-1"
TICKET = "ticket-of-this-browser"
CALLBACKS = "/franceconnect/callbacks"


@dataclass
class Seen:
    """One call as a service received it."""

    service: str
    method: str
    path: str
    headers: dict[str, str]
    claims: dict[str, Any]
    body: bytes


@dataclass
class Behind:
    """All four services on one port; `hanging` ones never answer, `answers` are given before anything else."""

    internal_jwks: str
    signing_key: dict[str, Any] = field(default_factory=lambda: _key("identity-1"))
    seen: list[Seen] = field(default_factory=list)
    hanging: set[str] = field(default_factory=set)
    answers: dict[tuple[str, str], web.Response] = field(default_factory=dict)
    began: str = "web"
    url: str = ""

    def upstreams(self) -> dict[str, str]:
        """Where each service is."""
        return {name: f"{self.url}/{name}" for name in ("identity", "payments", "procedures", "notifications")}

    def token(self, **but: Any) -> str:
        """An access token of Lucie on the site, as identity makes them."""
        given: dict[str, Any] = {"audience": "compte", "life": 300, "kind": "at+jwt", "key": self.signing_key, **but}
        audience, life, kind, key = (given.pop(name) for name in ("audience", "life", "kind", "key"))
        claims = {"sub": str(LUCIE), "sid": str(SESSION), "channel": "web", "scope": "full", "acr": "eidas1", **given}
        signer = TokenSigner(json.dumps(key), issuer="identity", kind=kind)
        return signer.sign(claims, audience=audience, life=life)

    def tokens(self, **but: Any) -> dict[str, Any]:
        """The answer of a log-in."""
        return {
            "access_token": self.token(**but),
            "expires_in": 300,
            "refresh_token": "refresh-token-of-lucie",
            "refresh_expires_in": 1800,
            "session_id": str(SESSION),
            "code_change_required": but.get("scope") == "code-change",
            "device_token": self.token(kind="device+jwt", dev=str(DEVICE)),
            "device_expires_in": 2_592_000,
        }

    def will_answer(self, method: str, path: str, body: Any, *, status: int = 200) -> None:
        """The next answer to this."""
        kind = "application/json" if status < 400 else "application/problem+json"
        self.answers[method, path] = web.json_response(body, status=status, content_type=kind)

    def will_end(self, outcome: str, client_id: str = "web", **but: Any) -> None:
        """How the next return from FranceConnect ends."""
        tokens = self.tokens(channel="web" if client_id == "web" else "app") if outcome == "session" else None
        nothing = dict.fromkeys(("link_ticket", "portal", "logout_url"))
        self.began = client_id
        ended = {"outcome": outcome, "client_id": client_id, "session": tokens, **nothing, **but}
        self.will_answer("POST", "/franceconnect/callbacks", ended)

    def asked(self, path: str) -> list[dict[str, Any]]:
        """The bodies that came to this path."""
        return [json.loads(each.body or "{}") for each in self.seen if each.path == path]

    async def answer(self, request: web.Request) -> web.Response:
        """Whatever is asked."""
        service, path = request.match_info["service"], "/" + request.match_info["path"]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        assert scheme == "Bearer"
        claims = internal_verifier(self.internal_jwks, service).verify(token)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        target = path + (f"?{request.query_string}" if request.query_string else "")
        self.seen.append(Seen(service, request.method, target, headers, claims, body))
        if service in self.hanging:
            await asyncio.sleep(30)
        if path == CALLBACKS and b'"ticket"' not in body and (request.method, path) in self.answers:
            return self._without_ticket()
        if told := self.answers.pop((request.method, path), None):
            return told
        return self._default(request.method, path, body)

    def _without_ticket(self) -> web.Response:
        """As identity does: what an application began waits for its ticket, what a browser began is over."""
        if self.began != "web":
            return web.json_response({"outcome": "to-app", "client_id": self.began, "session": None})
        del self.answers["POST", CALLBACKS]
        return web.json_response({"status": 401}, status=401, content_type="application/problem+json")

    def _default(self, method: str, path: str, body: bytes) -> web.Response:
        app = b"android" in body or b"of-the-app" in body
        tokens = self.tokens(channel="app" if app else "web")
        answer: dict[str, Any] = {"path": path}
        headers: dict[str, str] = {}
        match method, path:
            case "GET", "/jwks":
                answer = {"keys": [OKPKey.import_key(self.signing_key).as_dict(private=False)]}
            case "POST", "/sessions" | "/sessions/refresh" | "/sessions/passkeys" | "/sessions/challenges/c-1":
                answer, headers = tokens, {"X-Read-After": "identity=2", "X-Secret": "no"}
            case "GET", "/franceconnect/providers":
                answer = {"enabled": True, "providers": PROVIDERS}
            case "POST", "/franceconnect/authorizations":
                answer = {"url": AUTHORIZE, "ticket": TICKET, "expires_in": 600}
            case "POST", "/franceconnect/callbacks":
                answer = {"outcome": "refused", "client_id": "web", "session": None, "link_ticket": None}
            case (
                ("PUT", "/me/code")
                | ("DELETE", "/sessions/current" | "/sessions" | "/me")
                | ("POST", "/me/franceconnect")
            ):
                return web.Response(status=204, headers={"X-Read-After": "identity=3"})
        return web.json_response(answer, headers=headers)


@asynccontextmanager
async def behind(internal_jwks: str) -> AsyncIterator[Behind]:
    """The services, running until the block ends."""
    services = Behind(internal_jwks)
    app = web.Application()
    app.router.add_route("*", "/{service}/{path:.*}", services.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    services.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield services
    finally:
        await runner.cleanup()


def _key(kid: str) -> dict[str, Any]:
    return dict(OKPKey.generate_key("Ed25519", {"kid": kid}).as_dict(private=True))


def another_key(kid: str) -> dict[str, Any]:
    """A signing key that nobody knows yet."""
    return _key(kid)
