"""What notifications listens to. Reading this file tells every reason for which a person gets an e-mail."""

from datetime import datetime

from chassis import clock, telemetry
from chassis.consumers import Consumers
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import (
    AccountClosed,
    AccountCreated,
    AccountCreationAttempted,
    AccountFrozen,
    AccountReopened,
    ClosureReason,
    CodeChosen,
    CodeReset,
    DeviceChallenged,
    EmailChanged,
    EmailChangeRequested,
    FranceConnectLinked,
    LoggedIn,
    LogInBlocked,
    NameChanged,
    NirCertified,
    PasskeyAdded,
    PasskeyRemoved,
    SessionRevoked,
)
from contracts.procedures import CardOrdered
from contracts.sealed import Sealed
from services.notifications.domain import reasons
from services.notifications.domain.mails import Code, Series
from services.notifications.domain.reasons import About
from services.notifications.handlers import contacts
from services.notifications.handlers.contacts import (
    AskForAddress,
    ChangeAddress,
    CloseContact,
    ForgetAddress,
    ForgetContact,
    RememberContact,
    RenameContact,
)
from services.notifications.handlers.ports import Store
from services.notifications.handlers.writing import Cause, WriteMail, write_mail

consumers: Consumers[Store] = Consumers(group="notifications")


@consumers.on(AccountCreated)
async def welcome(envelope: Envelope, event: AccountCreated, store: Store) -> None:
    """Here is your first provisional code, unless FranceConnect opens the account; and we know whom to write to."""
    name = event.first_name, event.last_name
    person = RememberContact(event.person_id, envelope.sequence, *name, event.email, event.created_at)
    await contacts.remember_contact(person, store)
    if event.provisional_code and event.code_expires_at:
        code = _code(envelope, event.provisional_code, event.code_expires_at, Series.PROVISIONAL)
        await _write(envelope, event, reasons.AccountOpened(event.address_freed), store, code)


@consumers.on(NameChanged)
async def call_by_new_name(envelope: Envelope, event: NameChanged, store: Store) -> None:
    """No mail of its own: the person gave the caisse the name, and the next mail uses it."""
    name = RenameContact(event.person_id, envelope.sequence, event.first_name, event.last_name)
    await contacts.rename_contact(name, store)


@consumers.on(CodeReset)
async def send_new_code(envelope: Envelope, event: CodeReset, store: Store) -> None:
    """Here is your new provisional code; the one before is void."""
    code = _code(envelope, event.provisional_code, event.code_expires_at, Series.PROVISIONAL)
    await _write(envelope, event, reasons.CodeRenewed(event.reason), store, code)


@consumers.on(AccountCreationAttempted)
async def warn_of_attempt(envelope: Envelope, event: AccountCreationAttempted, store: Store) -> None:
    """Somebody asked for an account with your number or your address."""
    tried = reasons.CreationTried(event.reason, event.attempted_at, event.address_free_at)
    await _write(envelope, event, tried, store)


@consumers.on(CodeChosen)
async def warn_of_chosen_code(envelope: Envelope, event: CodeChosen, store: Store) -> None:
    """Your access code was chosen: by you, we hope."""
    await _write(envelope, event, reasons.CodeChanged(event.chosen_at, event.channel), store)


@consumers.on(DeviceChallenged)
async def send_log_in_code(envelope: Envelope, event: DeviceChallenged, store: Store) -> None:
    """Here is the code that lets the device you log in with be known."""
    code = _code(envelope, event.code, event.code_expires_at, Series.VERIFICATION)
    await _write(envelope, event, reasons.DeviceDoubted(event.challenged_at, event.channel), store, code)


@consumers.on(LogInBlocked)
async def warn_of_wrong_codes(envelope: Envelope, event: LogInBlocked, store: Store) -> None:
    """Too many wrong codes were typed, and this is how long none is accepted."""
    await _write(envelope, event, reasons.CodesRefused(event.failed_attempts, event.until, event.blocked_at), store)


@consumers.on(LoggedIn)
async def warn_of_new_device(envelope: Envelope, event: LoggedIn, store: Store) -> None:
    """Somebody logged in on a device that was not known."""
    seen = reasons.device_seen(event.current, new_device=event.new_device)
    if seen:
        await _write(envelope, event, seen, store)


@consumers.on(SessionRevoked)
async def warn_of_copied_session(envelope: Envelope, event: SessionRevoked, store: Store) -> None:
    """Somebody may have had a copy of a log-in; nothing to say of those that the person ended."""
    if event.copied:
        await _write(envelope, event, reasons.SessionCopied(event.revoked_at), store)


@consumers.on(EmailChangeRequested)
async def ask_for_new_address(envelope: Envelope, event: EmailChangeRequested, store: Store) -> None:
    """You wish to be written to elsewhere: is that so, and do you read mail there?"""
    token = _code(envelope, event.token, event.expires_at, Series.ADDRESS) if event.token else None
    wish = AskForAddress(_cause(envelope, event), event.requested_at, event.new_email, token)
    await contacts.ask_for_address(wish, store)


@consumers.on(EmailChanged)
async def move_to_new_address(envelope: Envelope, event: EmailChanged, store: Store) -> None:
    """From now on we write to you here, and no more there."""
    await contacts.change_address(ChangeAddress(_cause(envelope, event), event.changed_at, event.email), store)


@consumers.on(AccountFrozen)
async def confirm_freeze(envelope: Envelope, event: AccountFrozen, store: Store) -> None:
    """Your account is blocked, as you asked."""
    await _write(envelope, event, reasons.AccountBlocked(event.frozen_at), store)


@consumers.on(AccountReopened)
async def confirm_reopening(envelope: Envelope, event: AccountReopened, store: Store) -> None:
    """Your account is open again, since you proved who you are; an address that a thief may read is forgotten.

    The owner is then told by the home page alone, which asks for another address.
    """
    if event.address_dropped:
        await contacts.forget_address(ForgetAddress(event.person_id, envelope.sequence), store)
    await _write(envelope, event, reasons.AccountUnblocked(event.reopened_at, event.way), store)


@consumers.on(FranceConnectLinked)
async def confirm_franceconnect(envelope: Envelope, event: FranceConnectLinked, store: Store) -> None:
    """FranceConnect opens your account from now on."""
    await _write(envelope, event, reasons.FranceConnectOpens(event.linked_at), store)


@consumers.on(PasskeyAdded)
async def confirm_passkey(envelope: Envelope, event: PasskeyAdded, store: Store) -> None:
    """A passkey opens your account from now on."""
    await _write(envelope, event, reasons.PasskeyOpens(event.added_at, event.channel), store)


@consumers.on(PasskeyRemoved)
async def confirm_passkey_removal(envelope: Envelope, event: PasskeyRemoved, store: Store) -> None:
    """A passkey opens your account no more."""
    await _write(envelope, event, reasons.PasskeyCloses(event.removed_at, event.channel), store)


@consumers.on(NirCertified)
async def tell_of_certified_number(envelope: Envelope, event: NirCertified, store: Store) -> None:
    """Your number is definitive; the numbers are sealed to others, and stay so."""
    await _write(envelope, event, reasons.NumberCertified(event.certified_at), store)


@consumers.on(AccountClosed)
async def forget_person(envelope: Envelope, event: AccountClosed, store: Store) -> None:
    """Your account is closed, if it was you who closed it and you had proved to read the address; then silence."""
    cause = _cause(envelope, event)
    if event.reason is ClosureReason.ASKED and event.channel:
        await contacts.close_contact(CloseContact(cause, event.closed_at, event.channel, event.email), store)
    else:
        await contacts.forget_contact(ForgetContact(event.person_id, envelope.sequence, cause.now), store)


@consumers.on(CardOrdered)
async def confirm_card_order(envelope: Envelope, event: CardOrdered, store: Store) -> None:
    """We have your order of a carte Vitale, and this is what comes next."""
    about = reasons.CardAwaited(event.tracking_number, event.next_actor, event.ordered_on, event.expected_on)
    await _write(envelope, event, about, store)


async def _write(envelope: Envelope, event: Event, about: About, store: Store, code: Code | None = None) -> None:
    await write_mail(WriteMail(_cause(envelope, event), about, code), store)


def _cause(envelope: Envelope, event: Event) -> Cause:
    """The mail takes the event's id, so a replayed event cannot write a second one."""
    in_order = event.publisher() == AccountCreated.publisher()  # who says the addresses
    traced = telemetry.traceparent()
    return Cause(envelope.id, event.person_id, envelope.sequence, envelope.time, clock.now(), traced, in_order)


def _code(envelope: Envelope, sealed: Sealed, expires_at: datetime, series: Series) -> Code:
    """All codes come from identity, which numbers the events of a person."""
    return Code(sealed, envelope.sequence, envelope.time, expires_at, series)
