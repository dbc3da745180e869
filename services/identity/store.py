"""What identity keeps in MongoDB. Numbers, e-mails and bank accounts are encrypted, and found by keyed hashes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.encryption import FieldCipher
from chassis.mongo import Conflict, Index
from chassis.outbox import Transaction
from contracts.event import Event
from services.identity.domain.account import Account
from services.identity.domain.email import Email
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.domain.parameters import Parameters
from services.identity.domain.session import RefreshToken, Session
from services.identity.domain.throttle import Attempts

MOST_LISTED = 100
INDEXES: Mapping[str, Sequence[Index]] = {
    "insured": [Index(("nir_index",), unique=True)],
    "accounts": [Index(("email_index",), unique=True)],
    # Kept so long that waiting does not bring back the free attempts.
    "attempts": [Index(("last_at",), expire_after=timedelta(days=730))],
    "sessions": [Index(("person_id", "expires_at")), Index(("expires_at",), expire_after=timedelta(days=30))],
    "refresh_tokens": [Index(("expires_at",), expire_after=timedelta(days=1))],
}
NOBODY = "nobody"

_accounts = TypeAdapter(Account)
_attempts = TypeAdapter(Attempts)
_sessions = TypeAdapter(Session)
_tokens = TypeAdapter(RefreshToken)


class MongoStore:
    """The store that the handlers ask for, inside one transaction."""

    def __init__(self, tx: Transaction, cipher: FieldCipher, parameters: Parameters) -> None:
        self._tx = tx
        self._cipher = cipher
        self.parameters = parameters

    async def insured(self, nir: Nir) -> InsuredPerson | None:
        """The insured person with this number."""
        found = await self._tx["insured"].find_one({"nir_index": self._nir_index(nir)})
        return _person(found, nir) if found else None

    async def register_entry(self, person_id: UUID) -> RegisterEntry | None:
        """All that the register holds on a person."""
        found = await self._tx["insured"].find_one({"_id": str(person_id)})
        if found is None:
            return None
        nir = Nir(await self._cipher.decrypt(found["nir"]))
        return RegisterEntry(_person(found, nir), await self._open(found["iban"]), await self._open(found["serial"]))

    async def save_entry(self, entry: RegisterEntry) -> None:
        """Add a person to the register, or replace what it holds."""
        person = entry.person
        document = {
            "_id": str(person.id),
            "nir_index": self._nir_index(person.nir),
            "nir": await self._cipher.encrypt(person.nir.body),
            "iban": await self._close(entry.iban),
            "serial": await self._close(entry.vitale_serial),
            "birth_last_name": person.birth_last_name,
            "usage_last_name": person.usage_last_name,
            "first_name": person.first_name,
            "birth_date": person.birth_date.isoformat(),
            "postal_code": person.postal_code,
            "caisse": person.caisse,
            "regime": person.regime,
        }
        await self._tx["insured"].replace({"_id": document["_id"]}, document, upsert=True)

    async def account(self, person_id: UUID) -> Account | None:
        """The account of a person."""
        return await self._account({"_id": str(person_id)})

    async def account_by_nir(self, nir: Nir) -> Account | None:
        """The account of the person with this number; as many look-ups when there is none."""
        person = await self._tx["insured"].find_one({"nir_index": self._nir_index(nir)}, only=["_id"])
        return await self._account({"_id": person["_id"] if person else NOBODY})

    async def account_by_email(self, email: Email) -> Account | None:
        """The account that this e-mail belongs to."""
        return await self._account({"email_index": self._email_index(email)})

    async def email(self, person_id: UUID) -> Email:
        """The e-mail of an existing account."""
        [found] = await self._tx["accounts"].find({"_id": str(person_id)}, only=["email"])
        return Email(await self._cipher.decrypt(found["email"]))

    async def save_account(self, account: Account, *events: Event, email: Email | None = None) -> None:
        """Save an account and say what happened; a new one needs its e-mail."""
        document = _plain(_accounts.dump_python(account, exclude={"person_id"}))
        if email:
            address = await self._cipher.encrypt(email.address)
            document |= {"email": address, "email_index": self._email_index(email)}
        await self._save("accounts", str(account.person_id), document)
        await self._tx.publish(*events, subject=account.person_id)

    async def attempts(self, of: Nir | UUID) -> Attempts:
        """What was tried on a number, known or not, or by whoever is logged in as a person."""
        found = await self._tx["attempts"].find_one({"_id": self._attempts_id(of)})
        return _attempts.validate_python(found, extra="ignore") if found else Attempts()

    async def save_attempts(self, of: Nir | UUID, attempts: Attempts) -> None:
        """Save what was tried."""
        document = {**_attempts.dump_python(attempts), "last_at": self._tx.now}
        await self._save("attempts", self._attempts_id(of), document)

    async def session(self, session_id: UUID) -> Session | None:
        """A session, live or not."""
        found = await self._tx["sessions"].find_one({"_id": str(session_id)})
        return _sessions.validate_python({**found, "id": found["_id"]}, extra="ignore") if found else None

    async def live_sessions(self, person_id: UUID, now: datetime) -> Sequence[Session]:
        """A person's live sessions, the last used first."""
        where = {"person_id": str(person_id), "expires_at": {"$gt": now}, "ended_at": None}
        found = await self._tx["sessions"].find(where, sort=("-used_at", "-_id"), limit=MOST_LISTED)
        return [_sessions.validate_python({**each, "id": each["_id"]}, extra="ignore") for each in found]

    async def save_sessions(self, sessions: Sequence[Session], *events: Event) -> None:
        """Save sessions of one person and say what happened."""
        for session in sessions:
            await self._save("sessions", str(session.id), _plain(_sessions.dump_python(session, exclude={"id"})))
        for event in events:
            await self._tx.publish(event, subject=event.person_id)

    async def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """A refresh token that was given out, used or not."""
        found = await self._tx["refresh_tokens"].find_one({"_id": token_hash})
        return _tokens.validate_python({**found, "hash": found["_id"]}, extra="ignore") if found else None

    async def save_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token, or that one was used."""
        document = _plain(_tokens.dump_python(token, exclude={"hash"}))
        if token.used_at is None:
            await self._tx["refresh_tokens"].insert({"_id": token.hash, **document})
        elif not await self._tx["refresh_tokens"].update({"_id": token.hash, "used_at": None}, {"$set": document}):
            raise Conflict

    async def _account(self, where: Mapping[str, Any]) -> Account | None:
        found = await self._tx["accounts"].find_one(where)
        return _accounts.validate_python({**found, "person_id": found["_id"]}, extra="ignore") if found else None

    async def _save(self, name: str, key: str, document: dict[str, Any]) -> None:
        """Insert version 0 as version 1, or move the version that was loaded on by one."""
        version = document["version"]
        document = {**document, "version": version + 1}
        if version == 0:
            await self._tx[name].insert({"_id": key, **document})
        elif not await self._tx[name].update({"_id": key, "version": version}, {"$set": document}):
            raise Conflict

    async def _close(self, value: str | None) -> Any:
        return await self._cipher.encrypt(value) if value is not None else None

    async def _open(self, value: Any) -> str | None:
        return await self._cipher.decrypt(value) if value is not None else None

    def _nir_index(self, nir: Nir) -> str:
        return self._cipher.blind(f"nir:{nir.body}")

    def _email_index(self, email: Email) -> str:
        return self._cipher.blind(f"email:{email.key}")

    def _attempts_id(self, of: Nir | UUID) -> str:
        return self._nir_index(of) if isinstance(of, Nir) else str(of)


def _person(found: Mapping[str, Any], nir: Nir) -> InsuredPerson:
    return InsuredPerson(
        id=UUID(found["_id"]),
        nir=nir,
        birth_last_name=found["birth_last_name"],
        usage_last_name=found["usage_last_name"],
        first_name=found["first_name"],
        birth_date=date.fromisoformat(found["birth_date"]),
        postal_code=found["postal_code"],
        caisse=found["caisse"],
        regime=found["regime"],
    )


def _plain(value: Any) -> Any:
    """The value in types that the database has: ids and choices as text, instants as they are."""
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case _:
            return value
