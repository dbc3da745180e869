"""An insured person with a browser and a mailbox: sees the system only through the gateway and the mail."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import aiohttp

from deploy.demo.mailbox import CODE, SECOND_CODE, VALIDATION, Mailbox
from deploy.embedded import idp

T = TypeVar("T")
CHALLENGED, WRONG = 202, 401
FRANCECONNECT = "/franceconnect/authorize"


class NotSeen(AssertionError):
    """What should have happened was not seen in time, or the answer was another one."""


@dataclass(frozen=True)
class Answer:
    """An answer of the gateway."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def trace_id(self) -> str:
        """The trace of the click, as the answer names it."""
        return self.headers.get("x-trace-id", "")

    def expect(self, status: int) -> Self:
        """The answer itself. Raises NotSeen when its status is another one; quotes only a problem's title."""
        if self.status != status:
            title = self.body.get("title") if isinstance(self.body, dict) else None
            raise NotSeen(f"expected {status}, got {self.status}: {title}")
        return self


async def seen(found: Callable[[], Awaitable[T | None]], what: str, *, within: float = 20.0) -> T:
    """Poll until `found()` is true, and return it. Raises NotSeen."""
    ends = time.monotonic() + within
    while not (result := await found()):
        if time.monotonic() > ends:
            raise NotSeen(f"not seen within {within:.0f} s: {what}")
        await asyncio.sleep(0.05)
    return result


class Insured:
    """One person at one device. `app=True` speaks as the mobile application, else as a browser.

    `address` is the loopback address that the device calls from, where the machine has more than one.
    """

    def __init__(
        self, gateway: str, mailbox: str, email: str, *, app: bool = False, address: str | None = None
    ) -> None:
        self.email = email
        self._gateway = gateway
        self.app = app
        self.token = self._refresh = self._device = self._ticket = ""
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=gateway)
        place = aiohttp.TCPConnector(local_addr=(address, 0)) if address else None
        self._http = aiohttp.ClientSession(connector=place, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=15))
        self.mailbox = Mailbox(mailbox, self._http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self._http.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        read_after: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request under /api/v1; writes carry an idempotency key."""
        sent = {"Origin": self._gateway, **(headers or {})}
        if method != "GET":
            sent["Idempotency-Key"] = key or str(uuid4())
        if read_after:
            sent["X-Read-After"] = read_after
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        where = f"{self._gateway}/api/v1{path}"
        async with self._http.request(method, where, json=body, headers=sent, allow_redirects=False) as response:
            is_json = "json" in response.content_type
            content = await (response.json(content_type=None) if is_json else response.text())
            return Answer(response.status, content, {k.lower(): v for k, v in response.headers.items()})

    async def insist(self, method: str, path: str, body: Any = None, *, within: float = 30.0) -> Answer:
        """As call, sent again with the same key until the answer is neither 5xx nor a broken connection."""
        key = str(uuid4())

        async def answered() -> Answer | None:
            try:
                answer = await self.call(method, path, body, key=key)
            except (aiohttp.ClientError, TimeoutError):
                return None
            return answer if answer.status < 500 else None  # noqa: PLR2004 - the class of server errors

        return await seen(answered, f"an answer to {method} {path}", within=within)

    async def create_account(self, **details: str) -> Answer:
        """The web form (F26): nir, last_name, birth_date, postal_code; the e-mail is the person's own."""
        return (await self.insist("POST", "/accounts", {**details, "email": self.email})).expect(202)

    async def create_account_in_app(self, nir: str, iban: str, vitale_serial: str) -> Answer:
        """The application's form (F25); the e-mail is the person's own."""
        details = {"nir": nir, "iban": iban, "vitale_serial": vitale_serial, "email": self.email}
        return (await self.insist("POST", "/accounts", details)).expect(202)

    async def provisional_code(self, *, count: int = 1, within: float = 20.0) -> str:
        """The code of the newest mail that has one, once `count` different mails with a code have come."""
        return await self.mailed(CODE, f"mail {count} with a provisional code", count=count, within=within)

    async def mailed(
        self, line: re.Pattern[str], what: str, *, count: int = 1, to: str | None = None, within: float = 20.0
    ) -> str:
        """What the newest mail with such a line says, once `count` different ones have come to me, or `to` there."""

        async def found() -> str | None:
            lines = await self.mailbox.lines(to or self.email, line)
            return lines[-1] if len(lines) >= count else None

        return await seen(found, what, within=within)

    async def log_in(self, nir: str, code: str) -> Answer:
        """Open a session; the tokens or cookies are kept for the next calls.

        On a device that is not known yet, the second code is read from the mail and typed too.
        """
        answer = await self.first_code(nir, code)
        if answer.status != CHALLENGED:
            return answer
        tried = ""

        async def entered() -> Answer | None:
            nonlocal tried
            codes = await self.mailbox.lines(self.email, SECOND_CODE)
            if not codes or codes[-1] == tried:
                return None
            tried = codes[-1]
            given = await self.second_code(answer.body["challenge_id"], tried)
            return None if given.status == WRONG else given

        return await seen(entered, "the mail with the second code")

    async def first_code(self, nir: str, code: str) -> Answer:
        """A number and a code: 200 opens a session, 202 asks for a second code."""
        self.token = ""
        device = {"device_token": self._device} if self._device else {}
        body = {"nir": nir, "code": code, "client_id": self._client}
        answer = await self.insist("POST", "/sessions", body | device)
        self._keep(answer)
        return answer

    async def second_code(self, challenge: str, code: str) -> Answer:
        """The code of the mail that a challenge sent."""
        body = {"code": code, "client_id": self._client}
        answer = await self.insist("POST", f"/sessions/challenges/{challenge}", body)
        self._keep(answer)
        return answer

    async def refresh(self) -> Answer:
        """Exchange the refresh token, which rotates."""
        body = {"refresh_token": self._refresh} if self.app else None
        answer = await self.insist("POST", "/sessions/refresh", body)
        self._keep(answer)
        return answer

    async def choose_code(self, code: str, current: str | None = None) -> Answer:
        """Choose an own code, then get a session that may do everything."""
        body = {"new_code": code} | ({"current_code": current} if current else {})
        answer = (await self.insist("PUT", "/me/code", body)).expect(204)
        (await self.refresh()).expect(200)
        return answer

    async def leave_for_franceconnect(self) -> str:
        """The address that the browser, or an application's browser, is sent to; bound to me alone."""
        if not self.app:
            return (await self.call("GET", FRANCECONNECT)).expect(302).headers["location"]
        begun = (await self.call("GET", f"{FRANCECONNECT}?client_id={self._client}")).expect(200).body
        self._ticket = begun["ticket"]
        return str(begun["url"])

    async def come_back_from_franceconnect(self, address: str) -> Answer:
        """Follow the provider's redirect through the gateway: a browser ends on a page, an application on an outcome.

        Cookies are of the host that set them, so the address is asked of the gateway as I know it.
        """
        back = urlsplit(address)
        answer = await self.call("GET", f"{back.path.removeprefix('/api/v1')}?{back.query}")
        if not self.app:
            return answer
        brought = dict(parse_qsl(urlsplit(answer.expect(302).headers["location"]).query))
        device = {"device_token": self._device} if self._device else {}
        outcome = await self.call("POST", "/franceconnect/sessions", {**brought, "ticket": self._ticket, **device})
        if outcome.status == 200 and outcome.body["session"]:  # noqa: PLR2004 - OK
            self._keep(Answer(200, outcome.body["session"], {}))
        return outcome

    async def france_connect(self, sub: str) -> Answer:
        """Leave for FranceConnect, be this person there, and come back; or end on the page that says it is away."""
        address = await self.leave_for_franceconnect()
        if address.startswith("/"):
            return Answer(302, "", {"location": address})
        return await self.come_back_from_franceconnect(await idp.sign_in(self._http, address, sub))

    async def validate_email(self, address: str, *, count: int = 1) -> Answer:
        """Follow the link of the newest mail that asks whether this address is mine; once validated, it is."""
        token = await self.mailed(VALIDATION, "the mail that asks to validate an address", count=count, to=address)
        answer = await self.call("POST", "/email-validations", {"token": token})
        if answer.status == 200:  # noqa: PLR2004 - OK
            self.email = address
        return answer

    async def devices(self) -> list[dict[str, Any]]:
        """The devices that are known."""
        known: list[dict[str, Any]] = (await self.call("GET", "/devices")).expect(200).body["devices"]
        return known

    async def home(self, read_after: str | None = None) -> Any:
        """The home page; after a write of mine, when `read_after` names it."""
        return (await self.call("GET", "/home", read_after=read_after)).expect(200).body

    @property
    def _client(self) -> str:
        return "android" if self.app else "web"

    def _keep(self, answer: Answer) -> None:
        if self.app and answer.status == 200:  # noqa: PLR2004 - OK
            self.token, self._refresh = answer.body["access_token"], answer.body["refresh_token"]
            self._device = answer.body.get("device_token") or self._device
