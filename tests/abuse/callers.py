"""Who calls in the abuse tests: they send exactly what a test says, and nothing else."""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from http.cookies import SimpleCookie
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from tests.abuse.crowd import at_once
from tests.world import World, somewhere

T = TypeVar("T")
API = "/api/v1"
VARYING = frozenset({"date", "x-trace-id", "content-length", "ratelimit", "retry-after", "server"})


@dataclass(frozen=True)
class Reply:
    """An answer, whatever it is."""

    status: int
    headers: CIMultiDictProxy[str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", errors="replace")

    @property
    def body(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.content) if self.content and "json" in self.headers.get("content-type", "") else None

    @property
    def slug(self) -> str:
        """The kind of a refusal."""
        body = self.body
        return str(body.get("type", "")).rpartition("/")[2] if isinstance(body, dict) else ""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets; an empty value removes one."""
        jar: SimpleCookie = SimpleCookie()
        for header in self.headers.getall("set-cookie", []):
            jar.load(header)
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def told(self) -> tuple[int, dict[str, str], Any]:
        """What a caller could tell two answers apart by: all but the instant and the trace."""
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in VARYING}
        body = self.body
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name != "trace_id"}
        return self.status, headers, body if body is not None else self.content


@dataclass
class Caller:
    """Anybody, in a network (/24) of their own at each call, so that no limit hides another refusal.

    `headers` go with every call. No cookie is kept, and no redirect followed.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    address: str | None = None

    async def send(
        self,
        method: str,
        path: str,
        sent: Any = None,
        *,
        raw: bytes | None = None,
        kind: str | None = "application/json",
        **headers: str,
    ) -> Reply:
        """One request. `sent` goes as JSON, `raw` as it is; underscores in header names stand for hyphens."""
        content = json.dumps(sent).encode() if sent is not None else raw
        given = {"content-type": kind} if content is not None and kind else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        everything = {**given, **self.headers, **named}
        place = aiohttp.TCPConnector(local_addr=(self.address or somewhere(), 0))
        async with (
            aiohttp.ClientSession(
                connector=place,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=15),
                skip_auto_headers=["content-type", "user-agent"],
            ) as http,
            http.request(
                method,
                URL(f"{self.url}{path}", encoded=True),
                data=content,
                headers=everything,
                allow_redirects=False,
            ) as response,
        ):
            return Reply(response.status, response.headers, await response.read())

    def api(self, **headers: str) -> "Caller":
        """The same caller of the public API, with these headers too."""
        return Caller(f"{self.url}{API}", {**self.headers, **headers}, self.address)


async def all_of(tried: Callable[[T], Awaitable[None]], values: Iterable[T]) -> None:
    """Try each value, some at the same time. The first that fails fails all."""
    await at_once([partial(tried, value) for value in values], most=8)


def nobody(world: World) -> Caller:
    """Somebody who is not logged in, at the public API."""
    return Caller(world.stack.gateway).api()


@dataclass
class Browser:
    """A browser on our pages: it keeps cookies and says where it is."""

    caller: Caller
    origin: str
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, world: World, **cookies: str) -> "Browser":
        """A browser that holds these cookies (`__Host-` is put before their names)."""
        held = {f"__Host-{name}": value for name, value in cookies.items()}
        return cls(nobody(world), world.stack.gateway, held)

    async def send(self, method: str, path: str, sent: Any = None, **more: Any) -> Reply:
        """One request with its cookies; those of the answer are kept."""
        own = {"origin": self.origin, "sec_fetch_site": "same-origin", "idempotency_key": str(uuid4())}
        if self.cookies:
            own["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = await self.caller.send(method, path, sent, **{**own, **more})
        for name, value in reply.cookies.items():
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return reply
