"""The routes of identity."""

from fastapi import APIRouter

from services.identity.api import accounts, codes, sessions
from services.identity.api.parts import Parts as Parts

router = APIRouter()
for _each in (accounts.router, codes.router, sessions.router):
    router.include_router(_each)
