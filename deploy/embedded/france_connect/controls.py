"""What only tests use: more people, faults, other keys, and how often the provider was asked."""

import json

from aiohttp import web

from deploy.embedded.france_connect import faults
from deploy.embedded.france_connect.state import fc_key

routes = web.RouteTableDef()


@routes.put("/users/{sub}")
async def add_person(request: web.Request) -> web.Response:
    """Let a person with these claims sign in."""
    request.app[fc_key].people.add({**await request.json(), "sub": request.match_info["sub"]})
    return web.Response(status=204)


@routes.get("/faults")
async def trouble(request: web.Request) -> web.Response:
    """What is wrong now, and what could be."""
    return web.json_response(request.app[fc_key].faults.describe())


@routes.put("/faults")
async def misbehave(request: web.Request) -> web.Response:
    """Be wrong in this way from now on; `{"name": null}` ends it."""
    fc = request.app[fc_key]
    try:
        fc.faults.begin(*faults.wanted(await request.text()))
    except (ValueError, AttributeError, TypeError):
        raise web.HTTPBadRequest(text="name: one of GET /faults, or null") from None
    return web.json_response(fc.faults.describe())


@routes.post("/keys")
async def rotate(request: web.Request) -> web.Response:
    """Sign with a new key: `{"alg": "ES256" or "RS256", "keep": whether the others are still published}`."""
    body = await request.text()
    asked = json.loads(body) if body else {}
    request.app[fc_key].signer.rotate(asked.get("alg", "ES256"), keep=bool(asked.get("keep", False)))
    return web.json_response(request.app[fc_key].signer.jwks())


@routes.get("/calls")
async def calls(request: web.Request) -> web.Response:
    """How often each address was asked since the start, by the last part of its path."""
    return web.json_response(dict(request.app[fc_key].calls))
