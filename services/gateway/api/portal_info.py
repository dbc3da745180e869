"""The public portal and the choice of a caisse."""

from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.gateway.api.cacheable import cacheable
from services.gateway.api.describing import described
from services.gateway.domain.capabilities import PREFIX, capability
from services.gateway.domain.portal_info import CaisseChoice, Directory, PortalPage, Texts, choices, portal_page

DATA = Path(__file__).parents[1]
DIRECTORY = Directory.model_validate_json((DATA / "caisses.json").read_bytes())
TEXTS = Texts.model_validate_json((DATA / "portal.json").read_bytes())
CaisseCode = Annotated[
    str | None, Query(max_length=40, description="A caisse's code: 29, 2A. One that is not known counts as none.")
]

router = APIRouter(prefix=PREFIX, tags=["public"])


class CaissesView(BaseModel):
    """The caisses that a visitor may choose from."""

    caisses: list[CaisseChoice]


@router.get(
    "/portal",
    summary="The public portal",
    operation_id="read_portal",
    responses={200: {"model": PortalPage}, 304: {"description": "As the caller has it already."}},
    openapi_extra=described(capability("GET", "/portal")),
)
async def read_portal(request: Request, caisse: CaisseCode = None) -> Response:
    """Sections, links, local news and the contact card of the visitor's caisse; the general page without one.

    The choice is the visitor's browser's: it is said in the query, so that the answer can be kept.
    """
    return cacheable(request, _page(DIRECTORY.code(caisse)))


@router.get(
    "/caisses",
    summary="The caisses",
    operation_id="list_caisses",
    responses={200: {"model": CaissesView}, 304: {"description": "As the caller has it already."}},
    openapi_extra=described(capability("GET", "/caisses")),
)
async def list_caisses(request: Request) -> Response:
    """Codes and names, to choose from."""
    return cacheable(request, _choices())


@cache
def _page(code: str | None) -> bytes:
    return portal_page(TEXTS, DIRECTORY, code).model_dump_json().encode()


@cache
def _choices() -> bytes:
    return CaissesView(caisses=list(choices(DIRECTORY))).model_dump_json().encode()
