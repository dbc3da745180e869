"""Provisional and own codes: asking for one, choosing one."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.birth_date import BirthDate
from contracts.problems import Unauthenticated
from services.identity.domain import access_code, session, throttle
from services.identity.domain import account as accounts
from services.identity.domain.access_code import AccessCode, IssuedCode
from services.identity.domain.account import Account
from services.identity.domain.device import Shown
from services.identity.domain.nir import Nir
from services.identity.domain.session import Scope, Session
from services.identity.domain.step_up import check_email_validated, check_step_up
from services.identity.handlers.devices import known_device
from services.identity.handlers.ports import Store
from services.identity.handlers.waiting import wait_for_code


@dataclass(frozen=True)
class ResetCode:
    """Somebody says that they forgot the code."""

    nir: Nir
    birth_date: BirthDate = field(repr=False)
    issued: IssuedCode
    shown: Shown | None
    now: datetime
    waiting: UUID | None = None


async def reset_code(command: ResetCode, store: Store) -> str | None:
    """Send a provisional code to the owner's validated e-mail, and tell the caller nothing.

    Except on a device that the owner is known on, once the e-mail takes no mail: the code of the caisse that can help.
    The code is sent all the same: nobody else must see a difference, and it may show that the address is mended.
    """
    await wait_for_code(command.waiting, store, command.now)
    person = await store.insured(command.nir)
    account = await store.account(person.id) if person else None
    if person is None or account is None or person.birth_date != command.birth_date:
        return None
    known = await known_device(person.id, command.shown, store, command.now) is not None
    rules, now = store.parameters, command.now
    stopped = throttle.stopped(await store.attempts(command.nir), rules, now)
    account, events = accounts.reset_code(account, command.issued, known=known, stopped=stopped, rules=rules, now=now)
    if events:
        await store.save_account(account, *events)
    return person.caisse if known and account.email_dead_since else None


@dataclass(frozen=True)
class Choice:
    """A person wants this code; `matched` is the hash that the current code matched."""

    person_id: UUID
    session_id: UUID
    current_given: bool
    matched: str | None = field(repr=False)
    new_code: AccessCode
    now: datetime


async def check_choice(choice: Choice, store: Store) -> tuple[Session, Account]:
    """The session and the account that may have this code; asked before it is hashed, which is dear, and after.

    Raises CodeRefused for a weak code, and for a missing or wrong current one, which only a session can do without
    that a provisional code or, minutes ago, FranceConnect or a passkey opened; EmailNotValidated where no second code
    could be sent.
    """
    current = session.of_caller(await store.session(choice.session_id), choice.person_id, choice.now)
    entry, account = await store.register_entry(choice.person_id), await store.account(choice.person_id)
    if entry is None or account is None:
        raise Unauthenticated
    rules, now = store.parameters, choice.now
    if current.scope is not Scope.CODE_CHANGE:
        check_step_up(current, account, choice.matched, given=choice.current_given, rules=rules, now=now)
    check_email_validated(account)
    access_code.check_strength(choice.new_code, entry.person, rules, now)
    return current, account


@dataclass(frozen=True)
class ChooseCode:
    """A choice that was found to be possible, and what is kept of its code."""

    choice: Choice
    new_hash: str = field(repr=False)


async def choose_code(command: ChooseCode, store: Store) -> None:
    """Make it the account's code, end the person's other sessions, and let this one do everything.

    Raises what `check_choice` raises.
    """
    now = command.choice.now
    current, account = await check_choice(command.choice, store)
    account, chosen = accounts.choose_code(account, command.new_hash, current.client.channel, now)
    others = [each for each in await store.live_sessions(account.person_id, now) if each.id != current.id]
    ended, revoked = session.end(others, account.person_id, now)
    await store.save_account(account, *chosen)
    await store.save_sessions([current.widened(), *ended], *revoked)
    attempts = await store.attempts(account.person_id)
    await store.save_attempts(account.person_id, attempts.cleared())
