"""What a phone asks before it opens a link in the application instead of a browser."""

import orjson
from fastapi import APIRouter, Request, Response

from contracts.problems import NotFound
from services.gateway.api.access import edge_of
from services.gateway.api.cacheable import cacheable

router = APIRouter(include_in_schema=False)


@router.get("/.well-known/apple-app-site-association")
async def apple_app_site_association(request: Request) -> Response:
    """The applications of iOS; 404 where there is none."""
    return _answer(request, edge_of(request).ios_association)


@router.get("/.well-known/assetlinks.json")
async def assetlinks(request: Request) -> Response:
    """The applications of Android; 404 where there is none."""
    return _answer(request, edge_of(request).android_association)


def _answer(request: Request, association: object) -> Response:
    if not association:
        raise NotFound
    return cacheable(request, orjson.dumps(association))
