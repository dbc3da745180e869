"""SMTP: hands letters to one mail server, over connections that are kept open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address

import aiosmtplib
from aiosmtplib import (
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from chassis import clock
from chassis.failpoints import failpoint
from services.notifications.domain.mails import Letter
from services.notifications.handlers.ports import MailDelayed, MailRejected

PATIENCE = 120.0
"""For any reply, that to the content above all. RFC 5321 4.5.3.2.6 advises more; giving up early sends twice."""
CONNECT_PATIENCE = 30.0
PERMANENT = range(500, 600)


def address_of(sender: str) -> Address:
    """The address in `Name <local@domain>`. Raises ValueError when there is none."""
    name, address = parseaddr(sender)
    return _address(address, name)


def _address(address: str, name: str = "") -> Address:
    """One address. Raises ValueError for anything else, without quoting it."""
    try:
        parsed = Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        raise ValueError("not an address") from None
    if not parsed.username or not parsed.domain:
        raise ValueError("not an address")
    return parsed


class SmtpMailer:
    """Sends letters in one sender's name. As many connections stay open as letters were sent at once."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        tls: bool = False,
        user: str | None = None,
        password: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.host = host
        self._port = port
        self._sender = address_of(sender)
        self._tls = tls
        # Codes and the password go to another machine encrypted, or not at all.
        self._start_tls = True if not tls and not is_loopback(host) else None
        self._user, self._password = user, password
        self._patience = patience
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, letter: Letter, *, within: float) -> None:
        """Return when the server has accepted the letter.

        Raises MailRejected for a 5xx reply or an address that no server could take; MailDelayed for a 4xx reply,
        a broken connection, or when `within` seconds are over: then nobody knows whether the server has it.
        """
        try:
            message = self._message(letter)
            async with asyncio.timeout(within), self._connected() as connection:
                await connection.send_message(message, timeout=self._patience)
        except (SMTPException, OSError, ValueError) as error:
            raise _translated(error) from None
        failpoint("P5")

    def _message(self, letter: Letter) -> EmailMessage:
        """The letter in MIME; its Message-ID never changes, so that a second sending can be recognised."""
        message = EmailMessage(policy=policy.SMTP)
        message["To"] = _address(letter.to)
        message["From"] = self._sender
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{letter.mail_id}@{self._sender.domain}>"
        message["X-Notification-Id"] = letter.mail_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="quoted-printable")
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        return message

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection for one letter, kept open unless it may still expect a reply to that letter."""
        connection = self._kept() or await self._opened()
        try:
            yield connection
        except (SMTPResponseException, SMTPRecipientsRefused):
            self._idle.append(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _kept(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected:
                return connection
        return None

    async def _opened(self) -> aiosmtplib.SMTP:
        connection = aiosmtplib.SMTP(
            hostname=self.host,
            port=self._port,
            use_tls=self._tls,
            start_tls=self._start_tls,
            username=self._user,
            password=self._password,
            local_hostname=self._sender.domain,
            timeout=CONNECT_PATIENCE,
        )
        try:
            await connection.connect()
        except (SMTPException, OSError):
            # Even a 5xx here is about us or the server, not about this letter.
            raise MailDelayed("unreachable", unreachable=True) from None
        return connection


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host stays on this machine."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _translated(error: Exception) -> MailRejected | MailDelayed:
    """What an error says about the letter. Its text is dropped: it quotes the address."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, SMTPResponseException):
        reason = f"smtp-{error.code}"
        return MailRejected(reason) if error.code in PERMANENT else MailDelayed(reason)
    if isinstance(error, SMTPNotSupported | ValueError):
        return MailRejected("invalid-address")
    return MailDelayed("no-reply")
