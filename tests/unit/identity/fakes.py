"""A store in memory, builders of what it holds, and codes that hash to something readable."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from contracts.birth_date import BirthDate
from contracts.event import Event
from contracts.sealed import Recipient, Sealed
from services.identity.domain import nir
from services.identity.domain.access_code import IssuedCode
from services.identity.domain.account import Account, ProvisionalCode
from services.identity.domain.closing import unopened_until
from services.identity.domain.email import Email
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.domain.session import RefreshToken, Session
from services.identity.domain.throttle import Attempts
from tests.unit.identity.fake_access_log import FakeAccessLog
from tests.unit.identity.fake_devices import FakeDevices
from tests.unit.identity.fake_emails import FakeEmails
from tests.unit.identity.fake_federation import FakeFederation
from tests.unit.identity.fake_passkeys import FakePasskeys
from tests.unit.identity.fake_strangers import FakeStrangers

R = TypeVar("R")
SECOND = "424242"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LUCIE = UUID("3d37f52a-7789-5513-a1f7-32c97a53614a")
MARC = UUID("9094b071-d000-5255-8b65-787b54790229")
RULES = Parameters(BUILT_IN)


def sealed(value: str) -> Sealed:
    """Something that looks sealed."""
    return Sealed(
        protected="p",
        recipients=(Recipient(header={"kid": "k"}, encrypted_key="e"),),
        iv="i",
        ciphertext=value,
        tag="t",
    )


def lucie(**but: Any) -> InsuredPerson:
    """P1 of the demo."""
    person = InsuredPerson(
        id=LUCIE,
        nir=nir.parse("285032999090195"),
        birth_last_name="EXEMPLE",
        usage_last_name=None,
        first_name="Lucie",
        birth_date=BirthDate(1985, 3, 14),
        postal_code="29200",
        caisse="29",
        regime="general",
    )
    return replace(person, **but)


def marc(**but: Any) -> InsuredPerson:
    """P2 of the demo."""
    return lucie(
        id=MARC,
        nir=nir.parse("183113199090225"),
        birth_last_name="FICTIF",
        first_name="Marc",
        birth_date=BirthDate(1983, 11, 30),
        **but,
    )


def an_account(**but: Any) -> Account:
    """Lucie's account, opened and with an own code."""
    account = Account(person_id=LUCIE, created_at=NOW, own_code=hash_of("7294"), email_validated_at=NOW, version=1)
    return replace(account, **but)


def hash_of(digits: str) -> str:
    """What the codes of these tests are stored as."""
    return f"hash:{digits}"


def issued(digits: str) -> IssuedCode:
    """A provisional code that was drawn."""
    return IssuedCode(hash_of(digits), sealed(digits))


def provisional(digits: str, expires_at: datetime) -> ProvisionalCode:
    """A provisional code that was sent."""
    return ProvisionalCode(hash_of(digits), expires_at)


class FakeStore(FakeDevices, FakeFederation, FakeEmails, FakePasskeys, FakeAccessLog, FakeStrangers):
    """Everything in dictionaries. What is saved must be what was loaded, as in the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.parameters = RULES
        self.accounts: dict[UUID, Account] = {}
        self.emails: dict[UUID, Email] = {}
        self.tried: dict[Nir | UUID, Attempts] = {}
        self.sessions: dict[UUID, Session] = {}
        self.tokens: dict[str, RefreshToken] = {}
        self.events: list[Event] = []

    async def account(self, person_id: UUID) -> Account | None:
        return self.accounts.get(person_id)

    async def person_id(self, nir: Nir) -> UUID | None:
        person = await self.insured(nir)
        return person.id if person else None

    async def nir(self, person_id: UUID) -> Nir:
        return self.registered[person_id].person.nir

    async def account_by_email(self, email: Email) -> Account | None:
        return next((self.accounts[owner] for owner, held in self.emails.items() if held.key == email.key), None)

    async def email(self, person_id: UUID) -> Email | None:
        return self.emails.get(person_id)

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        known = self.accounts.get(account.person_id)
        assert account.version == (known.version if known else 0)
        self.accounts[account.person_id] = replace(account, version=account.version + 1)
        if email:
            held = [owner for owner, each in self.emails.items() if each.key == email.key]
            assert held in ([], [account.person_id]), "one e-mail is one account"
            self.emails[account.person_id] = email
        self.events += events

    async def unopened(self, until: datetime, most: int) -> Sequence[UUID]:
        ends = {each.person_id: unopened_until(each) for each in self.accounts.values()}
        return [person for person, end in ends.items() if end and end <= until][:most]

    async def remove_account(self, account: Account, *events: Event) -> None:
        assert self.accounts.pop(account.person_id).version == account.version
        self.emails.pop(account.person_id, None)
        self.events += events

    async def attempts(self, of: Nir | UUID) -> Attempts:
        return self.tried.get(self.number(of) if isinstance(of, Nir) else of, Attempts())

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        assert attempts.version == (await self.attempts(of)).version
        self.tried[self.number(of) if isinstance(of, Nir) else of] = replace(attempts, version=attempts.version + 1)

    async def forget_attempts(self, person_id: UUID) -> None:
        self.tried.pop(person_id, None)

    async def session(self, session_id: UUID) -> Session | None:
        return self.sessions.get(session_id)

    async def live_sessions(self, person_id: UUID, now: datetime) -> Sequence[Session]:
        mine = [each for each in self.sessions.values() if each.person_id == person_id and each.live(now)]
        return sorted(mine, key=lambda each: (each.used_at, str(each.id)), reverse=True)

    async def save_sessions(self, sessions: Sequence[Session], *events: Event) -> None:
        for session in sessions:
            self.sessions[session.id] = replace(session, version=session.version + 1)
        self.events += events

    async def remove_sessions(self, person_id: UUID, *events: Event) -> None:
        self.sessions = {key: each for key, each in self.sessions.items() if each.person_id != person_id}
        self.events += events

    async def refresh_token(self, token_hash: str) -> RefreshToken | None:
        return self.tokens.get(token_hash)

    async def save_refresh_token(self, token: RefreshToken) -> None:
        assert token.used_at or token.hash not in self.tokens
        self.tokens[token.hash] = token
