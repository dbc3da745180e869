"""How often a route may be used, and whose uses are counted together.

A request is judged by the counter of its session, or else of its device, or else of its network, as far as the route
has such a limit; so nobody who shares a network with a known device can use up what that device may do (reliability
A1, A18). Where a network has used up its own budget, a solved challenge is counted on a second one (A2). A ceiling
holds everybody of a network together, so that many devices do not make many budgets: strangers alone never reach it.

What is asked with a secret that nobody guesses is counted by that secret, and on its network's budget only when it was
refused in the end: neighbours who invent secrets use up nothing of those who have one.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
_WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.%a-z]+)\](:[0-9]+)?|(?P<v4>[0-9.]+):[0-9]+")
Networks = Sequence[IPv4Network | IPv6Network]
# Whoever has one /48 of IPv6 has 65,536 networks of /64. So what is counted by network is counted by the wider ones
# around it as well, where so many times as much is allowed; the first that is full refuses.
WIDTHS: Mapping[int, Mapping[int, int]] = {4: {24: 1}, 6: {64: 1, 56: 4, 48: 16}}


class Per(StrEnum):
    """Whose uses are counted together. `PROOF`: those of a network that paid with a solved challenge.

    `SECRET`: those that show one secret of 256 bits. `FAILED`: those of a network that were refused in the end.
    """

    SESSION = "session"
    DEVICE = "device"
    SECRET = "secret"  # noqa: S105
    NETWORK = "network"
    FAILED = "failed"
    PROOF = "proof"
    CEILING = "ceiling"


# The first of these that is known of a caller is the one that counts.
OWN = (Per.SESSION, Per.DEVICE, Per.NETWORK, Per.FAILED)
# These count as well.
ALSO = (Per.SECRET, Per.CEILING)
OF_NETWORKS = (Per.NETWORK, Per.FAILED, Per.PROOF, Per.CEILING)


@dataclass(frozen=True)
class Limit:
    """At most `amount` uses in any `seconds`."""

    by: Per
    amount: int
    seconds: int


Limits = tuple[Limit, ...]
# What is known of a caller: by whom, and how many times as much as the limit says each of them may.
Known = Mapping[Per, Mapping[str, int]]
Table = Mapping[str, Limits]


def _limits(seconds: int, **amounts: int) -> Limits:
    return tuple(Limit(Per(by), amount, seconds) for by, amount in amounts.items())


LIMITS: Table = {
    "POST /accounts": _limits(HOUR, network=10, proof=40),
    "POST /code-resets": _limits(HOUR, network=20, proof=80),
    "POST /sessions": _limits(5 * MINUTE, device=20, network=100, proof=400, ceiling=1000),
    "POST /sessions/refresh": _limits(5 * MINUTE, secret=20, device=60, failed=1000, proof=1000),
    "POST /sessions/challenges/{challenge_id}": _limits(10 * MINUTE, secret=10, device=20, failed=100, proof=400),
    "POST /sessions/passkeys/options": _limits(5 * MINUTE, device=20, network=100, proof=400),
    "POST /sessions/passkeys": _limits(5 * MINUTE, secret=10, device=20, failed=100, proof=400),
    "GET /franceconnect/authorize": _limits(5 * MINUTE, device=20, network=1000),
    "GET /franceconnect/callback": _limits(5 * MINUTE, secret=10, device=20, failed=1000),
    "POST /franceconnect/sessions": _limits(5 * MINUTE, secret=10, device=20, failed=300, proof=400),
    "POST /email-validations": _limits(HOUR, secret=20, device=20, failed=300, proof=400),
    "POST /account-freezes": _limits(HOUR, secret=20, device=20, failed=300, proof=400),
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

    def counters(self, known: Known, *, proved: bool = False) -> "tuple[Counter, ...]":
        """What one request is counted on: the caller's own counter, or that of solved challenges, and what counts also.

        The wider ones of a network come behind it.
        """
        own = next((by for by in ((Per.PROOF,) if proved else OWN) if by in known and self.counts_by(by)), None)
        return tuple(
            Counter(self.name, replace(limit, amount=limit.amount * times), subject)
            for by in (own, *ALSO)
            for limit in self.limits
            if limit.by is by
            for subject, times in known.get(by, {}).items()
        )

    def can_go_on(self, standings: "Sequence[Standing]") -> bool:
        """Whether it is a network's own budget that refused, beyond which a proof of work leads."""
        refused = any(each.limit.by in (Per.NETWORK, Per.FAILED) and not each.granted for each in standings)
        return refused and self.counts_by(Per.PROOF)


@dataclass(frozen=True)
class Counter:
    """The uses of one row by one session, device, secret or network (`subject`)."""

    rule: str
    limit: Limit
    subject: str

    @property
    def of_failures(self) -> bool:
        """Whether only what was refused in the end fills it."""
        return self.limit.by is Per.FAILED


@dataclass(frozen=True)
class Standing:
    """What a counter said of one use: whether it is granted, how many are left, and the seconds until more are."""

    limit: Limit
    granted: bool
    remaining: int
    wait: int

    def after_use(self) -> "Standing":
        """The same with one use less left."""
        return replace(self, remaining=max(0, self.remaining - 1))

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


@dataclass(frozen=True)
class Origin:
    """Where a request comes from. `unreadable`: a proxy of ours wrote a hop that is no address."""

    networks: Mapping[str, int]
    unreadable: bool = False


def origin(peer: str | None, forwarded_for: str = "", trusted: Networks = ()) -> Origin:
    """The networks that a request comes from, narrowest first: a /24 of IPv4; a /64, /56 and /48 of IPv6.

    `forwarded_for` is believed only from right to left, as far as trusted proxies wrote it: the first hop that is
    none of them is the caller. What cannot be read as an address ends the search.
    """
    caller = _address(peer or "")
    for hop in reversed(forwarded_for.split(",")):
        if caller is None or not any(caller in each for each in trusted):
            break
        before = _address(hop)
        if before is None:
            return Origin(_groups(caller), unreadable=bool(hop.strip()))
        caller = before
    return Origin(_groups(caller))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, alone or as proxies write it: `[v6]`, `[v6]:port`, `v4:port`."""
    hop = _WITH_PORT.fullmatch(text.strip())
    try:
        address = ip_address((hop["v6"] or hop["v4"]) if hop else text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _groups(address: IPv4Address | IPv6Address | None) -> Mapping[str, int]:
    if address is None:
        return {NOWHERE: 1}
    family = IPv4Network if isinstance(address, IPv4Address) else IPv6Network
    widths = WIDTHS[address.version]
    return {str(family((int(address), width), strict=False)): times for width, times in widths.items()}
