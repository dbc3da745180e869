"""A real SMTP server on loopback that answers as it is told and keeps what it accepts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 OK"
Reply = str | Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Received:
    """One mail the server accepted."""

    to: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """The text part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class Sink:
    """The server. `replies` are given to mail after mail, at their end; then 250. `recipient_replies` to RCPT."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.attempts = 0
        self.connections = 0
        self.replies: list[Reply] = []
        self.recipient_replies: list[str] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Refuse connections from now on; those that are open stay open."""
        assert self._server is not None
        self._server.close()

    def _session(self) -> SMTP:
        self.connections += 1
        return SMTP(self, enable_SMTPUTF8=True, hostname="sink.invalid")

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.recipient_replies.pop(0) if self.recipient_replies else OK
        if reply == OK:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.attempts += 1
        reply = self.replies.pop(0) if self.replies else OK
        said = reply if isinstance(reply, str) else await reply()
        if said == OK:
            content = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.received.append(Received(envelope.rcpt_tos[0], content))
        return said
