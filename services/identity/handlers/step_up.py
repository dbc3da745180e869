"""Before a change with which a thief would keep the account: is it still the person who logged in?"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.identity.domain import throttle
from services.identity.domain.access_code import AccessCode
from services.identity.handlers.ports import Store
from services.identity.handlers.telling import tell_of_block


@dataclass(frozen=True)
class BeginStepUp:
    """A person is about to change how the account is reached; `current_code` is the one they have, if they gave it."""

    person_id: UUID
    current_code: AccessCode | None
    now: datetime


@dataclass(frozen=True)
class Begun:
    """With which hash to compare the current code, and which attempt since the last right one this is."""

    own: str | None = field(default=None, repr=False)
    attempt: int = 0

    @property
    def candidates(self) -> tuple[str | None, ...]:
        """What to compare; nothing when no code was given."""
        return (self.own,) if self.attempt else ()


async def begin_step_up(command: BeginStepUp, store: Store) -> Begun:
    """Count the attempt before anything is compared. Raises TooManyAttempts.

    A stolen session must not find out the code by trying; its attempts are counted apart from those at log-in.
    """
    if command.current_code is None:
        return Begun()
    attempts, _ = throttle.count_attempt(await store.attempts(command.person_id), 0, store.parameters, command.now)
    await store.save_attempts(command.person_id, attempts)
    account = await store.account(command.person_id)
    return Begun(account.own_code if account else None, attempts.own.count)


@dataclass(frozen=True)
class EndStepUp:
    """The current code was compared; `matched` is the hash it belongs to, or None."""

    person_id: UUID
    begun: Begun
    matched: str | None = field(repr=False)
    now: datetime


async def end_step_up(command: EndStepUp, store: Store) -> None:
    """Keep what came of the attempt, whatever becomes of the change that it was for.

    A right code makes the attempts free again. A wrong one is noted for the owner, who hears at once of a block.
    """
    account = await store.account(command.person_id) if command.begun.attempt else None
    if account is None:
        return
    attempts = await store.attempts(command.person_id)
    if command.matched is not None:
        await store.save_attempts(command.person_id, attempts.cleared())
        return
    nir = await store.nir(command.person_id)
    await store.save_attempts(nir, (await store.attempts(nir)).elsewhere())
    await tell_of_block(account, command.begun.attempt, attempts, store, command.now)
