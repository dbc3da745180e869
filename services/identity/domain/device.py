"""Known devices: where a person proved more than the code, and is asked for the code alone from then on (B3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.identity.domain.parameters import Parameters
from services.identity.domain.session import Client
from services.identity.domain.throttle import Attempts


@dataclass(frozen=True)
class Shown:
    """A device token that we signed: which device it names, and of what log-in it came."""

    device_id: UUID
    since: datetime


@dataclass(frozen=True)
class Device:
    """A browser or an app that one person is known on. `attempts` are the codes tried on it for that person.

    Two persons who share a browser have one device id between them and a row each.
    """

    id: UUID
    person_id: UUID
    client: Client
    remembered_at: datetime
    used_at: datetime
    until: datetime
    attempts: Attempts = field(default_factory=Attempts)
    version: int = 0

    def trusts(self, shown: Shown, now: datetime) -> bool:
        """Whether this token makes the device known.

        One of a log-in before the person was remembered does not: whoever used a shared browser earlier, and
        kept a copy of its token, must not be known as everybody who logs in there later.
        """
        given_later = shown.since >= self.remembered_at.replace(microsecond=0)
        return shown.device_id == self.id and now < self.until and given_later

    def used(self, now: datetime) -> "Device":
        """After a log-in, which clears what was tried on it."""
        return replace(self, used_at=now, attempts=self.attempts.cleared())


def remember(
    device_id: UUID, person_id: UUID, client: Client, *, before: Device | None, rules: Parameters, now: datetime
) -> Device:
    """The device, known for this person from now on; `before` is what was kept of the two until now."""
    until = now + rules.minutes("device.remembered-minutes", now)
    return Device(device_id, person_id, client, now, now, until, version=before.version if before else 0)


def surplus(others: Sequence[Device], rules: Parameters, now: datetime) -> Sequence[Device]:
    """Those of a person's other devices, the last used first, that are forgotten so that one more may be known.

    Whoever is in must not be able to make so many known that forgetting them all takes too long.
    """
    return others[rules.get("device.most", now) - 1 :]
