"""Taking the caisse's register, line by line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.identity import NirCertified
from contracts.sealed import Sealed
from services.identity.domain.insured import RegisterEntry, moved, renamed, replaced_number
from services.identity.handlers.ports import Store


@dataclass(frozen=True)
class ImportInsured:
    """A line of the register. `seal` closes a number to the services entitled to read it."""

    entry: RegisterEntry
    seal: Callable[[str], Sealed] = field(repr=False)
    now: datetime


async def import_insured(command: ImportInsured, store: Store) -> bool:
    """Take the line; whether it changed anything. Raises WrongNumber.

    A provisional number that became a definitive one goes on naming the person (domain 3.1), and a move to another
    caisse is told once (domain F11). So is another name, but only of who has an account: it concerns nobody else.
    """
    entry = command.entry
    known = await store.register_entry(entry.person.id)
    if known == entry:
        return False
    old = replaced_number(known, entry, await store.insured(entry.person.nir))
    move = moved(known, entry, command.now)
    name = renamed(known, entry, command.now)
    if name and await store.account(entry.person.id) is None:
        name = None
    await store.save_entry(entry, *(each for each in (move, name) if each))
    if old is not None:
        new = entry.person.nir
        certified = NirCertified(
            person_id=entry.person.id,
            old=command.seal(old.body),
            new=command.seal(new.body),
            certified_at=command.now,
        )
        await store.save_alias(old, new, certified)
    return True
