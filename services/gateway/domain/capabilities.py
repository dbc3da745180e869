"""Every public route, once: where it leads, who may call it, and which features it gives to which channel.

Forwarding, access, channel rules, the answer of `GET /capabilities` and the menu of the home page all
follow from this table, so none of them can promise what another refuses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.channel import Channel
from contracts.procedures import RequestKind
from services.gateway.domain.limits import Limits, rule_for

PREFIX = "/api/v1"
OWN = "gateway"
BOTH = frozenset(Channel)


class Access(StrEnum):
    """What a caller needs."""

    PUBLIC = "public"
    SESSION = "session"
    ANY_SESSION = "session-even-before-code-change"


@dataclass(frozen=True)
class Shortcut:
    """A request (démarche) that the home page offers in two clicks (domain F35)."""

    kind: RequestKind
    label: str


@dataclass(frozen=True)
class Capability:
    """One public route. `path` is under /api/v1; `service` answers it, at the same path unless `target` differs.

    `menu` is the label of its tab on the home page; `idempotent` says that it takes an Idempotency-Key, `cacheable`
    that its answer is the same for everybody and may be kept; of every other answer nothing is. `device` says that it
    matters on which device it is asked: a browser's cookie goes along as the `device_token` of the body. `contact`
    says that whoever is kept waiting here is told whom to call (F23): its 202 and 429 carry a caisse's contact card.
    `header`: what else of the caller's headers its service reads. Without `channels` it is neither for browsers nor for
    our applications.
    """

    method: str
    path: str
    service: str
    access: Access
    features: tuple[str, ...]
    summary: str
    channels: frozenset[Channel] = BOTH
    idempotent: bool = False
    cacheable: bool = False
    device: bool = False
    contact: bool = False
    header: str | None = None
    target: str | None = None
    menu: str | None = None
    shortcuts: tuple[Shortcut, ...] = ()

    @property
    def upstream_path(self) -> str:
        """Where its service answers it."""
        return self.target or self.path

    @property
    def public_path(self) -> str:
        """Where callers find it."""
        return PREFIX + self.path

    @property
    def limits(self) -> Limits:
        """How often it may be used: its row of domain.limits, or that of every other write."""
        return rule_for(self.method, self.path).limits


CAPABILITIES: Sequence[Capability] = (
    Capability(
        "GET",
        "/home",
        OWN,
        Access.SESSION,
        ("F03", "F33", "F34", "F38", "F40", "F42", "F52", "F53"),
        "The home page",
        menu="Accueil",
    ),
    Capability("GET", "/capabilities", OWN, Access.PUBLIC, ("F01",), "Which feature exists in which channel"),
    Capability(
        "GET",
        "/portal",
        OWN,
        Access.PUBLIC,
        ("F10", "F11", "F12", "F13", "F23"),
        "The public portal",
        cacheable=True,
    ),
    Capability("GET", "/caisses", OWN, Access.PUBLIC, ("F11",), "The caisses to choose from", cacheable=True),
    Capability(
        "GET", "/help", OWN, Access.PUBLIC, ("F16", "F22", "F23", "F29", "F30", "F85"), "Help by topic", cacheable=True
    ),
    Capability("GET", "/accounts/prerequisites", OWN, Access.PUBLIC, ("F27",), "What to have at hand"),
    Capability(
        "POST",
        "/accounts",
        "identity",
        Access.PUBLIC,
        ("F07", "F08", "F09", "F23", "F25", "F26", "F28"),
        "Create an account",
        idempotent=True,
        contact=True,
    ),
    Capability("POST", "/sessions", OWN, Access.PUBLIC, ("F15", "F23"), "Log in", contact=True),
    Capability("POST", "/sessions/refresh", OWN, Access.PUBLIC, ("F15",), "Continue a session"),
    Capability(
        "POST",
        "/sessions/challenges/{challenge_id}",
        OWN,
        Access.PUBLIC,
        ("F15", "F23", "B3"),
        "Let a new device in",
        contact=True,
    ),
    Capability(
        "POST", "/sessions/passkeys/options", "identity", Access.PUBLIC, ("B13",), "Begin a log-in with a passkey"
    ),
    Capability("POST", "/sessions/passkeys", OWN, Access.PUBLIC, ("B13",), "Log in with a passkey"),
    Capability("DELETE", "/sessions", OWN, Access.ANY_SESSION, ("B3",), "Log out everywhere"),
    Capability("DELETE", "/sessions/current", OWN, Access.ANY_SESSION, ("F15",), "Log out"),
    Capability("GET", "/sessions", "identity", Access.SESSION, ("B3",), "List the devices that are logged in"),
    Capability("DELETE", "/sessions/{session_id}", "identity", Access.SESSION, ("B3",), "Log one device out"),
    Capability("GET", "/devices", "identity", Access.SESSION, ("B3",), "List the devices that are known"),
    Capability("DELETE", "/devices/{device_id}", "identity", Access.SESSION, ("B3",), "Forget a device"),
    Capability("GET", "/franceconnect/providers", OWN, Access.PUBLIC, ("F30", "F31"), "What FranceConnect offers"),
    Capability("DELETE", "/franceconnect/choice", OWN, Access.PUBLIC, ("F32",), "Forget the identity provider"),
    Capability("GET", "/franceconnect/authorize", OWN, Access.PUBLIC, ("F18", "F24", "F32"), "Leave for FranceConnect"),
    Capability("GET", "/franceconnect/callback", OWN, Access.PUBLIC, ("F18", "F24"), "Come back from FranceConnect"),
    Capability(
        "POST",
        "/franceconnect/sessions",
        OWN,
        Access.PUBLIC,
        ("F18", "F24"),
        "Log in an application with what FranceConnect brought",
    ),
    Capability("POST", "/me/franceconnect", OWN, Access.SESSION, ("F24",), "Let FranceConnect open the account"),
    Capability("POST", "/me/passkeys/options", "identity", Access.SESSION, ("B13",), "Begin to add a passkey"),
    Capability("POST", "/me/passkeys", "identity", Access.SESSION, ("B13",), "Add a passkey", idempotent=True),
    Capability("GET", "/me/passkeys", "identity", Access.SESSION, ("B13",), "List the passkeys"),
    Capability("DELETE", "/me/passkeys/{passkey_id}", "identity", Access.SESSION, ("B13",), "Remove a passkey"),
    Capability(
        "PUT", "/me/email", "identity", Access.SESSION, ("F08", "F09"), "Change the e-mail address", idempotent=True
    ),
    Capability("POST", "/email-validations", "identity", Access.PUBLIC, ("F08",), "Validate an e-mail address"),
    Capability("POST", "/account-freezes", "identity", Access.PUBLIC, ("B3",), "Say “ce n'est pas moi”"),
    Capability(
        "POST",
        "/mail-reports",
        "notifications",
        Access.PUBLIC,
        ("F22", "F23"),
        "Report what became of an e-mail",
        channels=frozenset(),
        header="x-report-signature",
    ),
    Capability("DELETE", "/me", OWN, Access.SESSION, ("F09", "B12"), "Close the account", idempotent=True),
    Capability(
        "GET", "/me/access-log", "identity", Access.SESSION, ("B4",), "Who looked at my data, by the page or as a file"
    ),
    Capability(
        "POST",
        "/code-resets",
        "identity",
        Access.PUBLIC,
        ("F17", "F20", "F21", "F22", "F23"),
        "Ask for a provisional code",
        idempotent=True,
        device=True,
        contact=True,
    ),
    Capability("PUT", "/me/code", OWN, Access.ANY_SESSION, ("F21",), "Choose an own access code", idempotent=True),
    Capability("GET", "/me", "identity", Access.SESSION, ("F33", "F53"), "The profile", menu="Mes informations"),
    Capability(
        "GET",
        "/payments",
        "payments",
        Access.SESSION,
        ("F45", "F55"),
        "The payments of the last months",
        menu="Mes paiements",
    ),
    Capability(
        "GET", "/payments/{payment_id}", "payments", Access.SESSION, ("N1",), "One payment and how it was composed"
    ),
    Capability("GET", "/procedures", "procedures", Access.SESSION, ("F36",), "What can be asked for"),
    Capability(
        "POST",
        "/requests",
        "procedures",
        Access.SESSION,
        ("F04", "F59"),
        "Make a request",
        idempotent=True,
        shortcuts=(Shortcut(RequestKind.VITALE_CARD_ORDER, "Commander ma carte Vitale"),),
    ),
    Capability("GET", "/requests", "procedures", Access.SESSION, ("F04",), "My requests", menu="Mes démarches"),
    Capability(
        "GET", "/requests/{request_id}", "procedures", Access.SESSION, ("F60", "B1"), "One request and its progress"
    ),
)


def capability(method: str, path: str) -> Capability:
    """The one of this method and path (under /api/v1). Raises LookupError, so a stray route fails at import."""
    for each in CAPABILITIES:
        if (each.method, each.path) == (method, path):
            return each
    raise LookupError(f"{method} {path} is not in the table")


def forwarded() -> Iterable[Capability]:
    """Those that another service answers, without any work of our own."""
    return (each for each in CAPABILITIES if each.service != OWN)


def features() -> dict[str, frozenset[Channel]]:
    """Every feature that a route gives, with the channels that have it."""
    matrix: dict[str, frozenset[Channel]] = {}
    for each in CAPABILITIES:
        for feature in each.features:
            matrix[feature] = matrix.get(feature, frozenset()) | each.channels
    return matrix
