"""Takes mail by SMTP, and misbehaves when a test asks it to."""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.embedded.mailbox.message import header_of
from deploy.embedded.mailbox.store import Store

Mode = Literal["reject-4xx", "reject-5xx", "stall-after-data", "slow"]
MODES = get_args(Mode)
TRY_AGAIN = "451 4.3.0 try again later"
NEVER = "550 5.1.1 no such mailbox"
SECONDS = 30.0
LARGEST = 32_000_000


@dataclass
class Faults:
    """How the next mails are treated: this mode, for this share of them, evenly spread."""

    mode: Mode | None = None
    seconds: float = SECONDS
    share: float = 1.0
    _owed: float = 0.0

    def begin(self, mode: Mode | None, seconds: float, share: float) -> None:
        """Treat the mails that come from now on like this."""
        self.mode, self.seconds, self.share, self._owed = mode, seconds, share, 0.0

    def next(self) -> Mode | None:
        """The treatment of one more mail."""
        self._owed += self.share if self.mode else 0.0
        if self._owed < 1.0:
            return None
        self._owed -= 1.0
        return self.mode

    def describe(self) -> dict[str, Any]:
        """What a test may set, and reads back."""
        return {name: value for name, value in asdict(self).items() if not name.startswith("_")}


class Ledger:
    """One line for each mail offered, with the reply it got; `null` when the sender was left without one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def note(self, envelope: Envelope, reply: str | None, identifier: str | None) -> None:
        """Append; a reader may follow the file."""
        mail = header_of(envelope.original_content or b"")
        line = {
            "at": datetime.now(UTC).isoformat(),
            "id": identifier,
            "message_id": str(mail.get("Message-ID", "")).strip("<> "),
            "notification_id": mail.get("X-Notification-Id"),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "reply": reply,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Inbound:
    """What aiosmtpd calls for each mail."""

    def __init__(self, store: Store, faults: Faults, ledger: Ledger) -> None:
        self._store = store
        self._faults = faults
        self._ledger = ledger
        self._keeping: set[asyncio.Task[str]] = set()

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """Accept the mail once it is on the disk, or treat it as the faults say."""
        fault = self._faults.next()
        if fault in ("reject-4xx", "reject-5xx"):
            reply = TRY_AGAIN if fault == "reject-4xx" else NEVER
            self._ledger.note(envelope, reply, None)
            return reply
        identifier = await self._keep(envelope)
        if fault == "stall-after-data":
            self._ledger.note(envelope, None, identifier)
            await asyncio.sleep(self._faults.seconds)
            # It may have hung up meanwhile.
            if server.transport:
                server.transport.close()
            return TRY_AGAIN
        if fault == "slow":
            await asyncio.sleep(self._faults.seconds)
        reply = f"250 2.0.0 Ok: queued as {identifier}"
        self._ledger.note(envelope, reply, identifier)
        return reply

    async def _keep(self, envelope: Envelope) -> str:
        # A sender that hangs up cancels this handler; the mail on its way to the disk is still listed.
        keeping = asyncio.create_task(
            self._store.add(envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b"")
        )
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return await asyncio.shield(keeping)


async def listen(inbound: Inbound, host: str, port: int) -> asyncio.Server:
    """Answer SMTP on this port until the server is closed."""
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(inbound, data_size_limit=LARGEST, enable_SMTPUTF8=True, ident="Compte"), host, port
    )
