"""Sessions: tokens go to an application in the body, to a browser in cookies; identity alone makes and ends them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.gateway.domain.calls import OK, Answer, Call

# Access tokens live 5 minutes; whatever was revoked longer ago than this has no valid token left, clocks included.
REVOCATIONS_MATTER = timedelta(minutes=15)
IDENTITY = "identity"
JSON = {"content-type": "application/json"}


class Store(Protocol):
    """What outlives a restart."""

    async def keep_revoked(self, session_ids: Collection[UUID], at: datetime) -> None:
        """Remember that these sessions are over."""

    async def revoked_since(self, since: datetime) -> Collection[UUID]:
        """The sessions that ended at or after this instant."""

    async def keep_keys(self, jwks: str) -> None:
        """Remember the public keys of identity."""

    async def keys(self) -> str | None:
        """The public keys of identity as they were last seen."""


class Services(Protocol):
    """The services behind."""

    async def call(self, call: Call) -> Answer:
        """Ask one of them. Raises Unavailable when it does not answer in time."""


@dataclass(frozen=True)
class Revocation:
    """Sessions that are over."""

    session_ids: Sequence[UUID]
    at: datetime


@dataclass(frozen=True)
class Tokens:
    """What identity gave for a log-in; lives are in seconds. `device` makes this device known for its life."""

    access: str
    access_life: int
    refresh: str
    refresh_life: int
    code_change_required: bool
    device: str | None = None
    device_life: int | None = None

    @classmethod
    def of(cls, answer: Answer) -> "Tokens | None":
        """Those of a successful answer that gives some; None of any other."""
        given = json.loads(answer.body) if answer.status == OK else {}
        return cls.read(given) if "access_token" in given else None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Tokens":
        """Those that identity names."""
        return cls(
            given["access_token"],
            given["expires_in"],
            given["refresh_token"],
            given["refresh_expires_in"],
            given["code_change_required"],
            given.get("device_token"),
            given.get("device_expires_in"),
        )

    def for_application(self) -> bytes:
        """The body for whoever keeps its tokens itself."""
        device = {"device_token": self.device, "device_expires_in": self.device_life} if self.device else {}
        return encode(
            access_token=self.access,
            expires_in=self.access_life,
            refresh_token=self.refresh,
            refresh_expires_in=self.refresh_life,
            code_change_required=self.code_change_required,
            **device,
        )

    def for_browser(self) -> bytes:
        """The body for a browser, whose tokens no script may see."""
        return encode(expires_in=self.access_life, code_change_required=self.code_change_required)


async def revoke(command: Revocation, store: Store) -> None:
    """Refuse these sessions from now on."""
    await store.keep_revoked(command.session_ids, command.at)


async def recently_revoked(now: datetime, store: Store) -> Collection[UUID]:
    """The sessions whose access tokens could still be within their life."""
    return await store.revoked_since(now - REVOCATIONS_MATTER)


async def keep_keys(jwks: str, store: Store) -> None:
    """Remember identity's keys, for a start while identity is down."""
    await store.keep_keys(jwks)


async def kept_keys(_: None, store: Store) -> str | None:
    """The keys remembered, if any."""
    return await store.keys()


async def log_in(call: Call, services: Services) -> tuple[Answer, Tokens | None]:
    """Hand a log-in to identity: its answer, and the tokens of a successful one."""
    answer = await services.call(call)
    return answer, Tokens.of(answer)


async def refresh(refresh_token: str, key: str | None, services: Services) -> tuple[Answer, Tokens | None]:
    """Trade a refresh token for new tokens: the same ones again to whoever lost them, and comes with the same key."""
    headers = {**JSON, "idempotency-key": key} if key else JSON
    call = Call(IDENTITY, "POST", "/sessions/refresh", body=encode(refresh_token=refresh_token), headers=headers)
    return await log_in(call, services)


def encode(**members: object) -> bytes:
    """A JSON body."""
    return json.dumps(members, separators=(",", ":")).encode()
