"""The routes of identity."""

from fastapi import APIRouter, Depends

from services.identity.api import (
    access_log,
    accounts,
    closing,
    codes,
    devices,
    emails,
    franceconnect,
    freezing,
    passkeys,
    profile,
    sessions,
)
from services.identity.api.franceconnect import Federation as Federation
from services.identity.api.parts import Parts as Parts
from services.identity.api.parts import codes_of_today
from services.identity.api.passkeys import PasskeyParts as PasskeyParts

router = APIRouter(dependencies=[Depends(codes_of_today)])
for _each in (
    access_log,
    accounts,
    closing,
    codes,
    devices,
    emails,
    franceconnect,
    freezing,
    passkeys,
    profile,
    sessions,
):
    router.include_router(_each.router)
