"""What leaves by the outbox names people by opaque ids alone (A12)."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.outbox import Transaction
from contracts.identity import AccountClosed, ClosureReason
from tests.unit.chassis.test_origin import NIR, PERSON


@pytest.mark.parametrize("subject", [NIR, NIR[:13], "2 85 03 29 990 901 95", "lucie@exemple.invalid", ""])
async def test_a_number_or_an_address_is_the_subject_of_no_event(subject: str) -> None:
    unused = cast("Any", None)
    closed = AccountClosed(person_id=UUID(PERSON), reason=ClosureReason.NEVER_OPENED, closed_at=datetime.now(UTC))
    with pytest.raises(ValueError, match="opaque"):
        await Transaction(unused, unused, "/compte/identity").publish(closed, subject=subject)
