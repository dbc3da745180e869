"""FranceConnect's addresses."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from authlib.oidc.core.util import create_half_hash

from deploy.embedded.france_connect import controls
from deploy.embedded.france_connect.faults import ELSEWHERE
from deploy.embedded.france_connect.grants import TOKEN_LIVES, Grant
from deploy.embedded.france_connect.people import Claims, opened
from deploy.embedded.france_connect.signing import ALGORITHMS
from deploy.embedded.france_connect.state import FranceConnect, fc_key
from deploy.embedded.pages import POLICY, render

BASE = "/api/v2"
SHORTEST = 32
LEVELS = ("eidas1", "eidas2", "eidas3")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROVIDERS = {"impots.gouv": "impots.gouv.fr", "la-poste": "L’Identité Numérique La Poste", "msa": "MSA", "yris": "YRIS"}
PROVIDERS |= {"france-identite": "France Identité", "alicem": "Alicem", "mobileconnect": "MobileConnect et moi"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
routes = web.RouteTableDef()


def application(fc: FranceConnect) -> web.Application:
    """The provider as an application."""
    app = web.Application(middlewares=[_troubled])
    app[fc_key] = fc
    app.add_routes([*routes, *controls.routes])
    return app


@web.middleware
async def _troubled(request: web.Request, handler: Handler) -> web.StreamResponse:
    fc = request.app[fc_key]
    if request.path.startswith((BASE, "/.well-known")):
        fc.calls[request.path.rpartition("/")[2]] += 1
        if fc.faults.name == "slow":
            await asyncio.sleep(fc.faults.seconds)
        if fc.faults.name == "down":
            raise web.HTTPInternalServerError
    return await handler(request)


@routes.get("/.well-known/openid-configuration")
async def discovery(request: web.Request) -> web.Response:
    """Where everything is."""
    fc = request.app[fc_key]
    wrong = fc.faults.name
    token = ELSEWHERE if wrong == "discovery-elsewhere" else fc.issuer
    document = {
        "issuer": ELSEWHERE if wrong == "discovery-issuer" else fc.issuer,
        "authorization_endpoint": f"{fc.issuer}{BASE}/authorize",
        "token_endpoint": f"{token}{BASE}/token",
        "userinfo_endpoint": f"{fc.issuer}{BASE}/userinfo",
        "jwks_uri": f"{fc.issuer}{BASE}/jwks",
        "end_session_endpoint": f"{fc.issuer}{BASE}/session/end",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "acr_values_supported": LEVELS,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "id_token_signing_alg_values_supported": ALGORITHMS,
        "userinfo_signing_alg_values_supported": ALGORITHMS,
    }
    return web.json_response(document)


@routes.get(f"{BASE}/jwks")
async def jwks(request: web.Request) -> web.Response:
    """The public keys."""
    fc = request.app[fc_key]
    if fc.faults.name == "jwks-down":
        raise web.HTTPInternalServerError
    return web.json_response({"keys": []} if fc.faults.name == "no-keys" else fc.signer.jwks())


@routes.get(f"{BASE}/authorize")
async def choose(request: web.Request) -> web.Response:
    """The page that asks who one is. A `login_hint` that is a person's `sub` signs that person in at once."""
    fc = request.app[fc_key]
    asked = _asked(request, fc)
    if fc.people.find(asked.get("login_hint", "")):
        return _come_back(fc, asked, asked["login_hint"])
    hint = asked.get("idp_hint", "")
    response = render(
        "france_connect.html",
        people=list(fc.people),
        asking=asked["client_id"],
        provider=PROVIDERS.get(hint, "FranceConnect"),
        back=urlsplit(asked["redirect_uri"]).netloc,
    )
    # The form's answer is a redirect to the service provider, which a browser counts as the form's own.
    response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", "form-action 'self' http:")
    return response


@routes.post(f"{BASE}/authorize")
async def authorize(request: web.Request) -> web.Response:
    """Sign in the person of the form's `sub`, or turn back when there is none."""
    fc = request.app[fc_key]
    asked = _asked(request, fc)
    chosen = str((await request.post()).get("sub", ""))
    if fc.people.find(chosen) is None:
        _back(asked["redirect_uri"], error="access_denied", error_description="User auth aborted", state=asked["state"])
    return _come_back(fc, asked, chosen)


@routes.post(f"{BASE}/token")
async def token(request: web.Request) -> web.Response:
    """An ID token and an access token for a code."""
    fc = request.app[fc_key]
    form = {name: str(value) for name, value in (await request.post()).items()}
    _misbehave_at_token(fc.faults.name)
    if fc.faults.name == "invalid-client" or not fc.client.is_it(
        form.get("client_id", ""), form.get("client_secret", "")
    ):
        return _error(401, "invalid_client")
    if form.get("grant_type") != "authorization_code":
        return _error(400, "unsupported_grant_type")
    bought = fc.grants.exchange(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
    if bought is None or fc.faults.name == "invalid-grant":
        return _error(400, "invalid_grant")
    grant, access_token = bought
    answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIVES, "scope": grant.scope}
    if fc.faults.name != "no-id-token":
        answer["id_token"] = fc.sign("id-token", _log_in(fc, grant, access_token))
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


@routes.get(f"{BASE}/userinfo")
async def userinfo(request: web.Request) -> web.Response:
    """What the person let the client know, as a signed token."""
    fc = request.app[fc_key]
    if fc.faults.name == "userinfo-down":
        raise web.HTTPInternalServerError
    access_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    grant = fc.grants.of(access_token)
    person = fc.people.find(grant.sub) if grant else None
    if grant is None or person is None or fc.faults.name == "userinfo-refused":
        return _error(401, "invalid_token")
    known = {**opened({**person, "idp_id": grant.idp}, grant.scope), "sub": grant.sub}
    if fc.faults.name == "userinfo-json":
        return web.json_response(known)
    if fc.faults.name == "userinfo-is-id-token":
        known = _log_in(fc, grant, access_token)
    return web.Response(text=fc.sign("userinfo", known), content_type="application/jwt")


@routes.get(f"{BASE}/session/end")
async def end_session(request: web.Request) -> NoReturn:
    """Back to the service provider, signed out."""
    back, state = request.query.get("post_logout_redirect_uri", ""), request.query.get("state", "")
    ours = request.app[fc_key].signer.is_ours(request.query.get("id_token_hint", ""))
    if not ours or len(state) < SHORTEST or urlsplit(back).hostname not in LOOPBACK:
        raise web.HTTPBadRequest(text="Y000400")
    _back(back, state=state)


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """Who can sign in here."""
    return render("france_connect.html", people=list(request.app[fc_key].people), asking=None, provider="", back="")


def _asked(request: web.Request, fc: FranceConnect) -> dict[str, str]:
    asked = {name: value for name, value in request.query.items() if value}
    back = asked.get("redirect_uri", "")
    known = asked.get("client_id") == fc.client.id and urlsplit(back).hostname in LOOPBACK
    # Where the address or the secrets of the exchange are wrong nobody is sent anywhere.
    if not known or any(len(asked.get(name, "")) < SHORTEST for name in ("state", "nonce")):
        raise web.HTTPBadRequest(text="Y000400")
    wrong = _wrong(asked)
    if wrong:
        _back(back, error=wrong, error_description="refused", state=asked["state"])
    return asked


def _wrong(asked: Mapping[str, str]) -> str | None:
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in asked.get("scope", "").split():
        return "invalid_scope"
    pkce = asked.get("code_challenge_method") == "S256" and "code_challenge" in asked
    return None if pkce and asked.get("acr_values") in LEVELS else "invalid_request"


def _come_back(fc: FranceConnect, asked: Mapping[str, str], sub: str) -> NoReturn:
    person = fc.people.find(sub) or {}
    grant = Grant(
        sub=sub,
        redirect_uri=asked["redirect_uri"],
        challenge=asked["code_challenge"],
        nonce=asked["nonce"],
        acr=asked["acr_values"],
        scope=asked["scope"],
        idp=asked.get("idp_hint") or person.get("idp_id", "impots.gouv"),
    )
    answer = {"code": fc.grants.code(grant), "state": asked["state"]}
    match fc.faults.name:
        case "redirect-error":
            answer = {"error": "access_denied", "state": asked["state"]}
        case "redirect-server-error":
            answer = {"error": "server_error", "state": asked["state"]}
        case "redirect-other-state":
            answer["state"] = "s" * 43
        case "redirect-no-state":
            del answer["state"]
    _back(asked["redirect_uri"], **answer)


def _back(address: str, **query: str) -> NoReturn:
    raise web.HTTPSeeOther(f"{address}{'&' if '?' in address else '?'}{urlencode(query)}")


def _log_in(fc: FranceConnect, grant: Grant, access_token: str) -> Claims:
    amr = (fc.people.find(grant.sub) or {}).get("amr", ["pwd"])
    return {
        "sub": grant.sub,
        "nonce": grant.nonce,
        "acr": grant.acr,
        "auth_time": int(fc.clock()),
        "at_hash": create_half_hash(access_token, fc.signer.algorithm).decode(),
        **({"amr": amr} if "amr" in grant.scope.split() else {}),
    }


def _misbehave_at_token(name: str | None) -> None:
    match name:
        case "token-down":
            raise web.HTTPInternalServerError
        case "token-not-json":
            raise web.HTTPOk(text="<html>")
        case "token-huge":
            raise web.HTTPOk(text=json.dumps({"id_token": "x" * 1_000_000}), content_type="application/json")


def _error(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status, headers={"Cache-Control": "no-store"})
