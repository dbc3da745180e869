"""Every home page, again from the first event on: the proof that the kept ones are right, and their repair."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from chassis.work import Work
from contracts.envelope import Envelope
from contracts.event import EVENT_TYPES
from services.gateway.domain.home import Home, apply
from services.gateway.handlers.home import Rebuilt, Verdict, settle_home

GAP = "gap"


class History:
    """What a log says of each person. Holds one home page a person in memory."""

    def __init__(self) -> None:
        self._homes: dict[UUID, Home] = {}
        self._sequences: defaultdict[tuple[UUID, str], set[int]] = defaultdict(set)

    def take(self, envelope: Envelope) -> None:
        """The next envelope of any person; repeats change nothing, and nor does what is not about a person."""
        known = EVENT_TYPES.get(envelope.type)
        if known is None or envelope.sequence == 0:
            return
        event, source = known.read(envelope.data), envelope.source.rpartition("/")[2]
        home = self._homes.get(event.person_id) or Home(event.person_id)
        self._homes[event.person_id] = apply(home, event, source=source, sequence=envelope.sequence, time=envelope.time)
        self._sequences[event.person_id, source].add(envelope.sequence)

    def homes(self) -> Mapping[UUID, Home]:
        """The pages, in no order."""
        return self._homes

    def complete(self, home: Home) -> bool:
        """Whether the log still has every event of this person; one that does not proves nothing."""
        return all(len(self._sequences[home.person_id, source]) == last for source, last in home.seen.items())


async def rebuild(envelopes: AsyncIterator[Envelope], work: Work[Any], *, verify: bool) -> Counter[str]:
    """Replace every kept home page that differs from its history, or with `verify` only count them.

    The count is by verdict. A person with a `gap` in the log, or whose kept page is `newer`, is left alone.
    """
    history, count = History(), Counter[str]()
    async for envelope in envelopes:
        history.take(envelope)
    for home in history.homes().values():
        if history.complete(home):
            count[await work(settle_home, Rebuilt(home, replace=not verify))] += 1
        else:
            count[GAP] += 1
    return count


def sound(count: Counter[str]) -> bool:
    """Whether every home page now is what its history says."""
    return not (count[Verdict.DIFFERENT] or count[Verdict.NEWER] or count[GAP])
