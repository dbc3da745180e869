"""The fake store's part for what anybody tried."""

from dataclasses import replace
from uuid import UUID

from services.identity.domain.email import Email, Written
from services.identity.domain.nir import Nir
from services.identity.domain.proof import Failures
from services.identity.domain.waiting import Waiting
from tests.unit.identity.fake_register import FakeRegister


class FakeStrangers(FakeRegister):
    """In dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: dict[Nir, Failures] = {}
        self.requests: dict[UUID, Waiting] = {}
        self.written: dict[str, Written] = {}

    async def proof_failures(self, nir: Nir) -> Failures:
        return self.failures.get(self.number(nir), Failures())

    async def save_proof_failures(self, nir: Nir, failures: Failures) -> None:
        assert failures.version == (await self.proof_failures(nir)).version
        self.failures[self.number(nir)] = replace(failures, version=failures.version + 1)

    async def waiting(self, request_id: UUID) -> Waiting | None:
        return self.requests.get(request_id)

    async def save_waiting(self, request_id: UUID, waiting: Waiting) -> None:
        known = self.requests.get(request_id)
        assert waiting.version == (known.version if known else 0)
        self.requests[request_id] = replace(waiting, version=waiting.version + 1)

    async def written_to(self, email: Email) -> Written:
        return self.written.get(email.key, Written())

    async def save_written_to(self, email: Email, written: Written) -> None:
        assert written.version == (await self.written_to(email)).version
        self.written[email.key] = replace(written, version=written.version + 1)
