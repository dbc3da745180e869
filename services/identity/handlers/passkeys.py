"""Passkeys: added after a log-in, listed, removed, and used to log in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.identity import LogInWay
from contracts.problems import NotFound, Unauthenticated
from services.identity.domain import passkey as passkeys
from services.identity.domain import session as sessions
from services.identity.domain.insured import InsuredPerson
from services.identity.domain.passkey import (
    PASSKEY_LEVEL,
    Assertion,
    Ceremony,
    Credential,
    Passkey,
    PasskeyNotAdded,
    PasskeyRefused,
)
from services.identity.domain.session import Session
from services.identity.domain.step_up import check_email_validated, check_step_up
from services.identity.handlers.entering import Entry, enter
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class BeginPasskey:
    """A person is about to add a passkey; `matched` is the hash that the current code matched."""

    person_id: UUID
    session_id: UUID
    current_given: bool
    matched: str | None = field(repr=False)
    ceremony_id: str = field(repr=False)
    now: datetime


@dataclass(frozen=True)
class Room:
    """For whom a passkey is to be made, and those that they have."""

    person: InsuredPerson
    passkeys: Sequence[Passkey]
    ceremony: Ceremony


async def begin_passkey(command: BeginPasskey, store: Store) -> Room:
    """Let the person's authenticator answer within minutes.

    Raises CodeRefused without proof that it is still the person, EmailNotValidated when nobody could warn
    them, TooManyPasskeys.
    """
    current = sessions.of_caller(await store.session(command.session_id), command.person_id, command.now)
    entry, account = await store.register_entry(command.person_id), await store.account(command.person_id)
    if entry is None or account is None:
        raise Unauthenticated
    rules, now = store.parameters, command.now
    check_step_up(current, account, command.matched, given=command.current_given, rules=rules, now=now)
    check_email_validated(account)
    known = await store.passkeys(command.person_id)
    passkeys.check_room(known, rules, now)
    begun = passkeys.ceremony(command.ceremony_id, command.person_id, rules, now)
    await store.save_passkey_ceremony(begun)
    return Room(entry.person, known, begun)


@dataclass(frozen=True)
class AddPasskey:
    """The authenticator answered, and what it made was verified."""

    person_id: UUID
    session_id: UUID
    ceremony_id: str = field(repr=False)
    credential: Credential
    name: str
    now: datetime


async def add_passkey(command: AddPasskey, store: Store) -> Passkey:
    """Let it open the account from now on. Raises PasskeyNotAdded, TooManyPasskeys."""
    current = sessions.of_caller(await store.session(command.session_id), command.person_id, command.now)
    ceremony = await store.passkey_ceremony(command.ceremony_id)
    if ceremony is None or not ceremony.put_to(command.person_id, command.now):
        raise PasskeyNotAdded
    passkeys.check_room(await store.passkeys(command.person_id), store.parameters, command.now)
    passkey, added = passkeys.add(
        command.person_id, command.credential, command.name, channel=current.client.channel, now=command.now
    )
    if await store.passkey(passkey.id):
        raise PasskeyNotAdded
    await store.end_passkey_ceremony(ceremony)
    await store.save_passkey(passkey, added)
    return passkey


@dataclass(frozen=True)
class ListPasskeys:
    """A person looks at their passkeys."""

    person_id: UUID


async def list_passkeys(query: ListPasskeys, store: Store) -> Sequence[Passkey]:
    """The person's passkeys, the first added first."""
    return await store.passkeys(query.person_id)


@dataclass(frozen=True)
class RemovePasskey:
    """A person gives a passkey up."""

    person_id: UUID
    session_id: UUID
    passkey_id: UUID
    now: datetime


async def remove_passkey(command: RemovePasskey, store: Store) -> None:
    """Let it open the account no more. Raises NotFound for any other than the person's own."""
    current = sessions.of_caller(await store.session(command.session_id), command.person_id, command.now)
    found = await store.passkey(command.passkey_id)
    if found is None or found.person_id != command.person_id:
        raise NotFound
    await store.remove_passkey(found, passkeys.remove(found, current.client.channel, command.now))


@dataclass(frozen=True)
class BeginPasskeyLogIn:
    """Somebody wants to log in with a passkey; who, the passkey will say."""

    ceremony_id: str = field(repr=False)
    now: datetime


async def begin_passkey_log_in(command: BeginPasskeyLogIn, store: Store) -> Ceremony:
    """Let an authenticator answer within minutes."""
    begun = passkeys.ceremony(command.ceremony_id, None, store.parameters, command.now)
    await store.save_passkey_ceremony(begun)
    return begun


@dataclass(frozen=True)
class FindPasskey:
    """An authenticator answered with this credential."""

    passkey_id: UUID


async def find_passkey(query: FindPasskey, store: Store) -> Passkey | None:
    """The passkey to verify the answer with."""
    return await store.passkey(query.passkey_id)


@dataclass(frozen=True)
class PasskeyLogIn:
    """The answer of an authenticator was verified with the passkey of this id."""

    ceremony_id: str = field(repr=False)
    passkey_id: UUID
    assertion: Assertion
    entry: Entry


async def log_in_with_passkey(command: PasskeyLogIn, store: Store) -> Session:
    """Open a session. Raises PasskeyRefused, also for an answer that comes again or from a copied passkey."""
    now = command.entry.now
    ceremony = await store.passkey_ceremony(command.ceremony_id)
    found = await store.passkey(command.passkey_id)
    if ceremony is None or found is None or not ceremony.put_to(None, now):
        raise PasskeyRefused
    used, account = passkeys.use(found, command.assertion, await store.account(found.person_id), now)
    await store.end_passkey_ceremony(ceremony)
    await store.save_passkey(used)
    return await enter(account, [], command.entry, way=LogInWay.PASSKEY, acr=PASSKEY_LEVEL, store=store)
