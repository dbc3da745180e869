"""What the use cases ask of the counters of what anybody may try: to prove who they are, to have mail sent."""

from typing import Protocol
from uuid import UUID

from services.identity.domain.email import Email, Written
from services.identity.domain.nir import Nir
from services.identity.domain.proof import Failures
from services.identity.domain.waiting import Waiting


class Strangers(Protocol):
    """Counters by number and by address, known or not."""

    async def proof_failures(self, nir: Nir) -> Failures:
        """The proofs that failed for this number."""
        ...

    async def save_proof_failures(self, nir: Nir, failures: Failures) -> None:
        """Save how many failed."""
        ...

    async def waiting(self, request_id: UUID) -> Waiting | None:
        """A request for a code."""
        ...

    async def save_waiting(self, request_id: UUID, waiting: Waiting) -> None:
        """Save a request, or how often codes were tried for it."""
        ...

    async def written_to(self, email: Email) -> Written:
        """When this address was written to."""
        ...

    async def save_written_to(self, email: Email, written: Written) -> None:
        """Save when it was."""
        ...
