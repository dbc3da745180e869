"""How often a route may be used, and whose uses are counted together.

A request is judged by the counter of its session, or else of its device, or else of its network, as far as the route
has such a limit; so nobody who shares a network with a known device can use up what that device may do (reliability
A1, A18). Where a network has used up its own budget, a solved challenge is counted on a second one (A2). A ceiling
holds everybody of a network together, so that many devices do not make many budgets: strangers alone never reach it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from contracts.problems import Problem, Text

MINUTE, HOUR = 60, 3600
MOST = 1000  # uses in a window: each is kept until it leaves it
LONGEST = 24 * HOUR
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
EVERY_OTHER_WRITE = "every other write"
OFF = "off"
NOWHERE = "nowhere"
Networks = Sequence[IPv4Network | IPv6Network]


class Per(StrEnum):
    """Whose uses are counted together. `PROOF`: those of a network that paid with a solved challenge."""

    SESSION = "session"
    DEVICE = "device"
    NETWORK = "network"
    PROOF = "proof"
    CEILING = "ceiling"


# The first of these that is known of a caller is the one that counts.
OWN = (Per.SESSION, Per.DEVICE, Per.NETWORK)


@dataclass(frozen=True)
class Limit:
    """At most `amount` uses in any `seconds`."""

    by: Per
    amount: int
    seconds: int


Limits = tuple[Limit, ...]
Table = Mapping[str, Limits]


def _limits(seconds: int, **amounts: int) -> Limits:
    return tuple(Limit(Per(by), amount, seconds) for by, amount in amounts.items())


LIMITS: Table = {
    "POST /accounts": _limits(HOUR, network=10, proof=40),
    "POST /code-resets": _limits(HOUR, network=20, proof=80),
    "POST /sessions": _limits(5 * MINUTE, device=20, network=100, proof=400, ceiling=1000),
    "POST /sessions/refresh": _limits(5 * MINUTE, network=300),
    "POST /sessions/challenges/{challenge_id}": _limits(10 * MINUTE, network=30),
    "POST /sessions/passkeys/options": _limits(5 * MINUTE, network=60),
    "POST /sessions/passkeys": _limits(5 * MINUTE, network=60),
    "GET /franceconnect/authorize": _limits(5 * MINUTE, network=60),
    "GET /franceconnect/callback": _limits(5 * MINUTE, network=60),
    "POST /franceconnect/sessions": _limits(5 * MINUTE, network=60),
    "POST /email-validations": _limits(HOUR, network=30),
    "POST /account-freezes": _limits(HOUR, network=30),
    # A provider reports from few addresses, and on many mails when a mail server of theirs is away.
    "POST /mail-reports": _limits(MINUTE, network=600),
    EVERY_OTHER_WRITE: (*_limits(MINUTE, session=120), *_limits(5 * MINUTE, network=60)),
}


@dataclass(frozen=True)
class Rule:
    """The limits of one row of the table; routes of the same row share their counters."""

    name: str
    limits: Limits

    def counts_by(self, by: Per) -> bool:
        """Whether it has such a limit."""
        return any(limit.by is by for limit in self.limits)

    def counter(self, known: Mapping[Per, str], among: Sequence[Per] = OWN) -> "Counter | None":
        """The counter of the first of these that the rule has a limit by and that is known of a caller."""
        for by in among:
            for limit in self.limits:
                if limit.by is by and by in known:
                    return Counter(self.name, limit, known[by])
        return None

    def can_go_on(self, standings: "Sequence[Standing]") -> bool:
        """Whether it is the network's own budget that refused, beyond which a proof of work leads."""
        refused = any(each.limit.by is Per.NETWORK and not each.granted for each in standings)
        return refused and self.counts_by(Per.PROOF)


@dataclass(frozen=True)
class Counter:
    """The uses of one row by one session, device or network (`subject`)."""

    rule: str
    limit: Limit
    subject: str


@dataclass(frozen=True)
class Standing:
    """What a counter said of one use: whether it is granted, how many are left, and the seconds until more are."""

    limit: Limit
    granted: bool
    remaining: int
    wait: int

    def headers(self) -> dict[str, str]:
        """As clients are told (draft-ietf-httpapi-ratelimit-headers-10)."""
        name = f'"{self.limit.by}"'
        return {
            "ratelimit-policy": f"{name};q={self.limit.amount};w={self.limit.seconds}",
            "ratelimit": f"{name};r={self.remaining};t={self.wait}",
        }


def nearest(standings: Sequence[Standing]) -> Standing:
    """The one that refused, or else the one that will be the first to: what a client is told of."""
    return min(standings, key=lambda each: (each.granted, each.remaining))


class TooManyRequests(Problem):
    """Used more often than anybody needs; says how long to wait, and with which challenge it is not necessary to."""

    status = 429
    title = Text("Trop de demandes", "Too many requests")

    def __init__(self, wait: int, challenge: Mapping[str, Any] | None = None) -> None:
        if wait < 2 * MINUTE:
            again = Text(f"{wait} secondes", f"{wait} seconds") if wait > 1 else Text("une seconde", "one second")
        else:
            minutes = math.ceil(wait / MINUTE)
            again = Text(f"{minutes} minutes", f"{minutes} minutes")
        offered = {"proof_of_work": challenge} if challenge else {}
        super().__init__(Text(f"Réessayez dans {again.fr}.", f"Try again in {again.en}."), **offered)
        self.retry_after = wait  # type: ignore[misc]  # one refusal, one delay


def rule_for(method: str, path: str, table: Table = LIMITS) -> Rule:
    """The rule of a route: its own row, or that of every other write. A read without a row is not limited."""
    own = f"{method} {path}"
    if own in table:
        return Rule(own, table[own])
    return Rule(EVERY_OTHER_WRITE, table[EVERY_OTHER_WRITE] if method in WRITES else ())


def changed(changes: Mapping[str, Mapping[Per, str]], table: Table = LIMITS) -> Table:
    """The table with an operator's changes: row to counter to `amount/seconds`, or `off`. Raises ValueError."""
    rows = dict(table)
    for name, own in changes.items():
        limits = {limit.by: limit for limit in rows.get(name, ())}
        given = {by: _limit(by, value) for by, value in own.items()}
        rows[name] = tuple(limit for limit in (limits | given).values() if limit is not None)
    return rows


def _limit(by: Per, value: str) -> Limit | None:
    if value == OFF:
        return None
    amount, _, seconds = value.partition("/")
    if not (amount.isdecimal() and seconds.isdecimal()):
        raise ValueError(f"a limit is `amount/seconds` or `{OFF}`")
    if not (1 <= int(amount) <= MOST and 1 <= int(seconds) <= LONGEST):
        raise ValueError(f"a limit allows 1 to {MOST} uses in 1 to {LONGEST} seconds")
    return Limit(by, int(amount), int(seconds))


def network(peer: str | None, forwarded_for: str = "", trusted: Networks = ()) -> str:
    """The network that a request comes from: a /24 of IPv4, a /64 of IPv6.

    `forwarded_for` is believed only from right to left, as far as trusted proxies wrote it: the first hop that is
    none of them is the caller. What cannot be read as an address ends the search.
    """
    caller = _address(peer or "")
    for hop in reversed(forwarded_for.split(",")):
        if caller is None or not any(caller in each for each in trusted):
            break
        before = _address(hop)
        if before is None:
            break
        caller = before
    return _group(caller)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _group(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return NOWHERE
    if isinstance(address, IPv4Address):
        return str(IPv4Network((int(address), 24), strict=False))
    return str(IPv6Network((int(address), 64), strict=False))
