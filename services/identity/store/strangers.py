"""What anybody tried: to prove who they are, to have mail sent to an address."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter

from chassis.mongo import Index
from services.identity.domain.email import Email, Written
from services.identity.domain.nir import Nir
from services.identity.domain.proof import Failures
from services.identity.domain.waiting import Waiting
from services.identity.store.base import Base

# Both count days, and are of no use afterwards.
_KEPT = timedelta(days=2)
INDEXES: Mapping[str, Sequence[Index]] = {
    "proofs": [Index(("last_at",), expire_after=_KEPT)],
    "waiting": [Index(("until",), expire_after=timedelta(0))],
    "written": [Index(("last_at",), expire_after=_KEPT)],
}
ENCRYPTED: Mapping[str, Sequence[str]] = {}

_failures = TypeAdapter(Failures)
_waiting = TypeAdapter(Waiting)
_written = TypeAdapter(Written)


class StrangerStore(Base):
    """Counters by number and by address, known or not."""

    async def proof_failures(self, nir: Nir) -> Failures:
        """The proofs that failed for this number."""
        found = await self._tx["proofs"].find_one({"_id": await self._number(nir)})
        return _failures.validate_python(found, extra="ignore") if found else Failures()

    async def save_proof_failures(self, nir: Nir, failures: Failures) -> None:
        """Save how many failed."""
        day = failures.day.isoformat() if failures.day else None
        document = {**_failures.dump_python(failures), "day": day, "last_at": self._tx.now}
        await self._save("proofs", await self._number(nir), document)

    async def waiting(self, request_id: UUID) -> Waiting | None:
        """A request for a code."""
        found = await self._tx["waiting"].find_one({"_id": str(request_id)})
        return _waiting.validate_python(found, extra="ignore") if found else None

    async def save_waiting(self, request_id: UUID, waiting: Waiting) -> None:
        """Save a request, or how often codes were tried for it."""
        await self._save("waiting", str(request_id), _waiting.dump_python(waiting))

    async def written_to(self, email: Email) -> Written:
        """When this address was written to."""
        found = await self._tx["written"].find_one({"_id": self._email_index(email)})
        return _written.validate_python(found, extra="ignore") if found else Written()

    async def save_written_to(self, email: Email, written: Written) -> None:
        """Save when it was."""
        document = {"at": list(written.at), "version": written.version, "last_at": self._tx.now}
        await self._save("written", self._email_index(email), document)
