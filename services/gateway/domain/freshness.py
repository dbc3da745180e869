"""Reading one's own writes: which writes a page must have seen (`X-Read-After`)."""

import re
from collections.abc import Collection, Mapping

from contracts.problems import Problem, Text
from services.gateway.domain.page import TELLERS

_WRITE = f"({'|'.join(sorted(TELLERS))})=[0-9]{{1,15}}"
READABLE = f"^{_WRITE}(, ?{_WRITE}){{0,9}}$"
_HEADER = re.compile(READABLE)


class UnreadableReadAfter(Problem):
    """The header is not one that a write was answered with."""

    status = 400
    title = Text("En-tête X-Read-After illisible", "Unreadable X-Read-After header")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Renvoyez tel quel l'en-tête X-Read-After reçu, ou ne l'envoyez pas.",
                "Send the X-Read-After header back as received, or do not send it.",
            )
        )


def read_after(header: str) -> Mapping[str, int]:
    """`procedures=17,identity=3` as sequences by service. Raises UnreadableReadAfter."""
    if not _HEADER.fullmatch(header):
        raise UnreadableReadAfter
    pairs = (pair.strip().partition("=") for pair in header.split(","))
    return {service: int(sequence) for service, _, sequence in pairs}


def behind(wanted: Mapping[str, int], seen: Mapping[str, int]) -> Collection[str]:
    """The services whose wanted write has not been seen."""
    return [service for service, sequence in wanted.items() if seen.get(service, 0) < sequence]
