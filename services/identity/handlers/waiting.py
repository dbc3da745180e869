"""Remembering who asked for a code, and counting what they type apart."""

from datetime import datetime
from uuid import UUID

from services.identity.domain import throttle, waiting
from services.identity.domain.access_code import AccessCode
from services.identity.domain.nir import Nir
from services.identity.domain.throttle import Attempts
from services.identity.handlers.ports import Store


async def wait_for_code(request_id: UUID | None, store: Store, now: datetime) -> None:
    """Let whoever made this request try a code for it; the same whether or not one is on its way."""
    if request_id and await store.waiting(request_id) is None:
        await store.save_waiting(request_id, waiting.begin(store.parameters, now))


async def count_awaited(
    request_id: UUID | None, nir: Nir, code: AccessCode, store: Store, now: datetime
) -> Attempts | None:
    """What was tried on the number, this code included, if it may be the awaited one; None for any other."""
    rules, digits = store.parameters, code.digit_count
    if request_id is None or not throttle.may_be_provisional(digits, rules, now):
        return None
    counted = waiting.count_try(
        await store.waiting(request_id), await store.attempts(nir), digits, rules=rules, now=now
    )
    if counted is None:
        return None
    request, attempts = counted
    await store.save_waiting(request_id, request)
    await store.save_attempts(nir, attempts)
    return attempts
